"""Words and ends of Hungarian that rules of contrasts name: closed classes, kinds of tags, cases. See contrasts_hu."""

from __future__ import annotations

from build_data.makers.common import listed

DEFINITE = listed("azt ezt őt őket azokat ezeket")
INDEFINITE = listed(
    "amit akit amelyet melyet mit kit valamit semmit senkit valakit mindent sokat keveset annyit ilyet olyat amiket akiket amelyeket melyeket "
    "engem téged minket bennünket titeket benneteket ilyesmit ennyit mindenkit"
)
OBJECTS = DEFINITE | INDEFINITE
ARTICLES, VERBAL, CLAUSE_ENDS = listed("a az"), listed("VERB AUX"), listed("PUNCT SCONJ CCONJ")
OPENING = listed("hogy , – — „ : ; mert ha mikor amikor de míg mintha")
BETWEEN = listed("nem is sem se már még csak mindig soha sohasem éppen most ismét újra aztán azonban nagyon")
PREVERBS = listed("meg el ki be le fel föl át rá oda ide össze vissza haza")
SMALL = BETWEEN | PREVERBS
ONE, MANY = listed("aki ami amely mely"), listed("akik amik amelyek melyek")
ONE_EACH = listed("mindenki senki valaki ő")
PERSONS = {"én": "1s", "te": "2s", "ő": "3s", "mi": "1p", "ti": "2p", "ők": "3p"}
COUNTS = listed("két három négy öt nyolc kilenc tíz húsz száz ezer néhány sok több kevés számos minden mindkét valamennyi harminc ötven tizenkét tizenöt")
POSTPOSITIONS = listed("előtt után alatt között mellett nélkül szerint miatt óta közül ellen mögött által alól felett fölött iránt helyett")
AMONG = listed("között közt közül közé")
CASED = {"képest": "all", "keresztül": "sup", "fogva": "abl", "kezdve": "abl", "át": "sup"}
RAISE = listed("sokkal egyre minél mennél annál jóval valamivel mennyivel annyival")
VERY = listed("nagyon oly olyan túlságosan rendkívül roppant igen túl")
CASES = {
    "acc": ("t", "at", "et", "ot", "öt"), "ine": ("ban", "ben"), "ill": ("ba", "be"), "ela": ("ból", "ből"), "sup": ("n", "on", "en", "ön"), "sub": ("ra", "re"),
    "del": ("ról", "ről"), "ade": ("nál", "nél"), "all": ("hoz", "hez", "höz"), "abl": ("tól", "től"), "dat": ("nak", "nek"), "ins": ("val", "vel", "al", "el"),
}  # fmt: skip
CASE_OF_ENDING = {
    "": "nom", "t": "acc", "bban": "ine", "bben": "ine", "bba": "ill", "bbe": "ill", "bból": "ela", "bből": "ela", "zon": "sup", "zen": "sup", "rra": "sub",
    "rre": "sub", "rról": "del", "rről": "del", "nnál": "ade", "nnél": "ade", "hhoz": "all", "hhez": "all", "ttól": "abl", "ttől": "abl", "nnak": "dat",
    "nnek": "dat", "zzal": "ins", "zzel": "ins",
}  # fmt: skip
DEMONSTRATIVES = {
    first + rest: ("Sing", case) for first in "ea" for rest, case in (CASE_OF_ENDING | {"z": "nom", "zt": "acc"}).items() if rest not in ("", "t")
} | {
    many + ending: ("Plur", case)
    for many in ("ezek", "azok")
    for case, endings in ({"nom": ("",)} | CASES).items()
    for ending in (*endings, *(("kal", "kel") if case == "ins" else ()))
}
