"""Citations for cards: BibTeX of the paper whose method is followed, and of a declared corpus."""

from __future__ import annotations

import re

from corpora.corpus import Corpus

PAPER = """@inproceedings{phang-etal-2020-english,
  title = {English Intermediate-Task Training Improves Zero-Shot Cross-Lingual Transfer Too},
  author = {Phang, Jason and Calixto, Iacer and Htut, Phu Mon and Pruksachatkun, Yada and Liu, Haokun and Vania, Clara and Kann, Katharina and Bowman, Samuel R.},
  booktitle = {Proceedings of AACL-IJCNLP 2020},
  year = {2020},
  eprint = {2005.13013},
  archivePrefix = {arXiv}
}"""


def bibtex(one: Corpus) -> str:
    """Return a BibTeX entry for a corpus from its declaration."""
    key = re.sub(r"[^a-z0-9]+", "-", one.name.lower())
    fields = {"title": one.title, "howpublished": one.source, "note": one.citation or f"Licence: {one.licence}"}
    inner = ",\n".join(f"  {name} = {{{_tex(value)}}}" for name, value in fields.items())
    return f"@misc{{{key},\n{inner}\n}}"


def _tex(text: str) -> str:
    return re.sub(r"([#$%&_])", r"\\\1", " ".join(text.split()).replace("{", "(").replace("}", ")"))
