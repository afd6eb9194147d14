"""Scores that know what a row is for: labels that translation may turn round, answers that fit their question, endings that give themselves away."""

from __future__ import annotations

import re
from collections.abc import Mapping

from build_data import grammar, meaning
from build_data.filters_base import View
from build_data.heuristics import folded, words
from corpora.records import Choice, Pair, Span

DATE_WORDS: Mapping[str, str] = {  # what an answer to "when" may hold instead of a digit
    "en": r"januar\w*|februar\w*|march|april|may|june|july|august|\w+ember|october|\w+day|\w+days|year\w*|month\w*|week\w*|centur\w*|decade\w*|morning|afternoon|evening|night|noon|midnight|christmas|easter|birthday|holidays?"
          r"|spring|summer|autumn|fall|winter|after|before|during|until|since|when|while|now|today|never|always|ago|later|once|end|late|early|age|era|period|season\w*|time\w*|hour\w*",
    "fi": r"\w*kuu\w*|\w+tai\w*|\w*viiko\w*|vuo\w+|\w*vuosi\w*|\w*luvu\w*|\w*luku\w*|aamu\w*|ilta\w*|illa\w*|yö\w*|kevä\w+|kesä\w*|syksy\w*|talv\w+|jälkeen|ennen|aikana|kun|nyt"
          r"|sitten|myöhemmin|aikaisemmin|aika\w*|aja\w+|lopu\w+|loppu\w*|alu\w+|alku\w*|asti|saakka|lähtien|tunti\w*|tunni\w*|päiv\w+|joulu\w*|juhannu\w+|pääsiäi\w+|heti|aina|eilen|huomen\w*|tänään",
    "hu": r"január\w*|február\w*|március\w*|április\w*|május\w*|június\w*|július\w*|augusztus\w*|szeptember\w*|október\w*|november\w*|december\w*|hétfő\w*|kedd\w*|szerd\w+|csütörtök\w*"
          r"|péntek\w*|szombat\w*|vasárnap\w*|év\w*|hónap\w*|hét\w*|het\w+|század\w*|reggel\w*|est\w+|éj\w*|dél\w*|tavas\w+|nyár\w*|nyar\w+|ősz\w*|tél\w*|után|előtt|közben|alatt|amikor|mikor"
          r"|most|ma|tegnap|holnap|később|korábban|vég\w+|elej\w+|közep\w+|óta|nap\w*|óra\w*|kor\w*|karácsony\w*|húsvét\w*|idő\w*|idej\w+|soha|mindig|majd|akkor\w*|hajnal\w*|\w+kor|azonnal|rögtön",
}  # fmt: skip
NUMBER_WORDS: Mapping[str, str] = {  # what an answer to "how many" may hold instead of a digit
    "en": r"no|none|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty(?:-\w+)?|hundreds?|thousands?|millions?|billions?|dozens?|half|both|several|many|most"
          r"|few|all|once|twice|couple|pair|quarter|third|some|single|every|each|double|majority|more|less|much|little|large|small|\w+fold|percent|a|an",
    "fi": r"nolla\w*|yksi|yhd\w+|yht\w+|kaksi\w*|kahd\w+|kaht\w+|kolm\w+|nelj\w+|viisi\w*|viid\w+|viit\w+|kuusi\w*|kuud\w+|kuut\w+|seits\w+|yhdeks\w+|kymmen\w*|\w*sata\w*|\w*sada\w*"
          r"|\w*tuha\w+|miljoon\w*|miljard\w*|pari\w*|tusina\w*|puol\w+|mon\w+|use\w+|molem\w+|kaikk\w+|kaike\w+|enemm\w+|vähem\w+|suuri\w*|joitakin|muutam\w+|kerran|\w*kertai\w+|nelja\w+|ei|yhtään",
    "hu": r"nulla|egy\w*|kettő\w*|két\w*|kett\w+|három\w*|hárm\w+|négy\w*|öt\w*|hat\w*|hét\w*|nyolc\w*|kilenc\w*|tíz\w*|tizen\w+|\w*száz\w*|\w*ezer\w*|millió\w*|milliárd\w*|fél\w*|sok\w*|több\w*"
          r"|néhány\w*|mindkett\w+|minden\w*|mind|kevés\w*|pár|tucat\w*|harminc\w*|negyven\w*|ötven\w*|hatvan\w*|hetven\w*|húsz\w*|harmad\w*|negyed\w*|semennyi|legtöbb\w*|fele\w*|semmi\w*|egyetlen\w*",
}  # fmt: skip
WHEN: Mapping[str, str] = {
    "en": r"^\W*(?:when|(?:in|on|during|since|until|by) (?:what|which) (?:year|month|day|date|century|decade)|what (?:year|date|day|month|century))\b",
    "fi": r"^\W*(?:milloin|koska|minä (?:vuonna|päivänä|vuosina|kuukautena)|millä (?:vuosisadalla|vuosikymmenellä)|mihin aikaan)\b",
    "hu": r"^\W*(?:mikor\w*|melyik (?:évben|napon|hónapban|században)|(?:mely|milyen) (?:évben|napon|évtizedben)|hány órakor|mióta|meddig)\b",
}
HOW_MANY: Mapping[str, str] = {
    "en": r"\bhow (?:many|much|old|tall|long|often|large|big|high|deep|wide)\b",
    "fi": r"^\W*(?:kuinka (?:moni?\w*|paljon|vanha|pitkä|usein|suuri|korkea|pitkään|syvä)|montako|paljonko|miten (?:paljon|moni|monta|vanha|pitkä))\b",
    "hu": r"^\W*(?:hány\w*|mennyi\w*|mekkora\w*|milyen (?:hosszú|magas|mély|gyakran|idős|nagy|széles))\b",
}
WHO: Mapping[str, str] = {
    "en": r"^\W*(?:who|whom|whose)\b",
    "fi": r"^\W*(?:kuka|kenen|ketä|kenet|kenelle|keneltä|kenestä|kenellä|ketkä|keiden)\b",
    "hu": r"^\W*(?:ki|kit|kinek|kivel|kitől|kiről|kié|kik|kiket)\b",
}
DIGIT = re.compile(r"\d")


def label_unsafe(view: View) -> float:
    """Return 1 for a pair whose label cannot be trusted in this wording, else 0.

    Premise and hypothesis say the same but are labelled a contradiction (or neutral); or, against the English pair, exactly one of
    premise and hypothesis has changed between saying no and not saying it, which turns entailment and contradiction round.
    """
    row, source = view.record, view.source
    if not isinstance(row, Pair) or not row.hypothesis:
        return 0.0
    if words(folded(row.premise)) == words(folded(row.hypothesis)) and row.label in ("contradiction", "neutral"):
        return 1.0
    if not isinstance(source, Pair) or row.label not in ("entailment", "contradiction"):
        return 0.0
    flips = [
        grammar.polarity(mine, view.language) != grammar.polarity(theirs, "en") and grammar.negation_mismatch(mine, theirs, view.language) == 1.0
        for mine, theirs in ((row.premise, source.premise), (row.hypothesis, source.hypothesis))
    ]
    return float(flips[0] != flips[1])


def scope_lost(view: View) -> float:
    """Return how many classes of quantifiers and connectives the hypothesis of an NLI pair has on one side of the translation only (meaning.SCOPE)."""
    row, source = view.record, view.source
    if not isinstance(row, Pair) or not isinstance(source, Pair) or not row.hypothesis:
        return 0.0
    return meaning.scope_changed(row.hypothesis, source.hypothesis, view.language)


def answer_misfit(view: View) -> float:
    """Return 1 if the question asks when, how many or who and no accepted answer looks like a time, a number or a name, else 0.

    Unanswerable questions, other questions and languages without lists score 0.
    """
    row = view.record
    if not isinstance(row, Span) or not row.answers or view.language not in WHEN:
        return 0.0
    language = view.language
    question, answers = folded(row.question), [text for text, _ in row.answers]
    if re.search(WHEN[language], question):
        return float(not any(DIGIT.search(a) or _has(DATE_WORDS[language], a) or _has(NUMBER_WORDS[language], a) for a in answers))
    if re.search(HOW_MANY[language], question):
        return float(not any(DIGIT.search(a) or _has(NUMBER_WORDS[language], a) or _has(DATE_WORDS[language], a) for a in answers))
    if re.search(WHO[language], question):
        return float(all(DIGIT.search(a) and not any(map(str.isalpha, a)) for a in answers))
    return 0.0


def _has(pattern: str, text: str) -> bool:
    return any(re.fullmatch(pattern, word) for word in words(folded(text)))


def answer_places(view: View) -> float:
    """Return how many times the answer's words stand in the context (the commonest of the accepted answers): beyond a few, any place would do."""
    row = view.record
    if not isinstance(row, Span):
        return 0.0
    context = folded(row.context)
    return float(max((len(re.findall(rf"(?<!\w){re.escape(folded(text))}(?!\w)", context)) for text, _ in row.answers), default=0))


def ending_balance(view: View) -> float:
    """Return characters of the right ending over the mean of the wrong ones: far from 1, its length gives it away."""
    row = view.record
    if not isinstance(row, Choice) or len(row.endings) < 2:
        return 1.0
    wrong = [len(ending) for i, ending in enumerate(row.endings) if i != row.label]
    return (len(row.endings[row.label]) + 5) / (sum(wrong) / len(wrong) + 5)
