"""The `rules` arm: cues, names and counting; no model, microseconds a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from pipeline.domains import Domain
from pipeline.models.embedded.arm import TokenCounter
from pipeline.models.embedded.course import Course, course
from pipeline.models.embedded.cues import Scores, cue_sheet
from pipeline.models.embedded.finding import FinderLimits, HeadFit, find_subjects, mention_fit
from pipeline.models.embedded.kinds import kind_stems, singular
from pipeline.models.embedded.locating import spans
from pipeline.models.embedded.mentions import mention_strengths
from pipeline.models.embedded.organizing import Decision, less_filler, organize
from pipeline.models.embedded.per_language import PerLanguage
from pipeline.models.embedded.phrases import Head
from pipeline.models.embedded.relating import names_alike, same_pairs
from pipeline.models.embedded.role_answers import FoundSubject, OrganizedItem, SubjectSpan
from pipeline.models.embedded.role_arm import RoleArm
from pipeline.models.embedded.segmentation import Emissions
from pipeline.models.embedded.words import stems
from pipeline.prompt_format import TaskPrompt

_LOCATE_SWITCH_COST: Final = 3.0
_LOCATE_TURN_COST: Final = -0.5
"""Below zero: where the speaker turns, another subject is to be expected."""
_CHAT_LEAD: Final = 1.5
"""More than arms that know meanings ask for: cues take much for chat that is about the subject."""
_FIND_SWITCH_COST: Final = 4.0
_FIND_SWITCH_COSTS: Final = {"zh": 6.0}
TURN_COST: Final = 0.2
_LIMITS: Final = FinderLimits(subject_cost=0.6)
_DECISION: Final = Decision()
_SAME_NAME: Final = 0.5
_SAME_HERE: Final = 0.9
_UNKNOWN_WORTH: Final = 0.5
_NUMBERED_WORTH: Final = 1.0
_SHORT_WORD: Final = 6
_MEASURES: Final = frozenset("杯瓶盒包袋罐件双套支块片颗粒滴张")


def find_switch_cost(lang: str) -> float:
    """What a change of subject costs the finder: more where a line of speech is a long sentence."""
    return _FIND_SWITCH_COSTS.get(lang, _FIND_SWITCH_COST)


def rules_arm(domains: Mapping[str, Domain], count_tokens: TokenCounter) -> RoleArm:
    """The arm `rules` for `domains`."""
    methods = {name: RulesMethods(domain) for name, domain in domains.items()}
    return RoleArm("rules", methods, count_tokens)


class RulesMethods:
    """Plays the roles by the domain's cues and by where names occur."""

    def __init__(self, domain: Domain) -> None:
        self._domain = domain
        self._sheets = PerLanguage(lambda lang: cue_sheet(domain, lang))
        self._everyday = PerLanguage(lambda lang: everyday_words(domain, lang))

    def find(self, task: TaskPrompt) -> Sequence[FoundSubject]:
        """Repeated phrases that hold a stretch of the window better than others do."""
        flow = self._course(task)
        costs = flow.switch_costs(find_switch_cost(task.lang), TURN_COST)
        return find_subjects(task, self._head_fit(task.lang, flow), flow, costs, _LIMITS)

    def locate(self, task: TaskPrompt) -> Sequence[SubjectSpan]:
        """A subject lasts from where it is named to where the next one is."""
        if not task.subjects:
            return ()
        texts = [text for _, text in task.sentences]
        mentions = mention_strengths(task.subjects, texts, task.lang)
        flow = self._course(task)
        costs = flow.switch_costs(_LOCATE_SWITCH_COST, _LOCATE_TURN_COST)
        return spans(task, mentions, mentions, flow, costs, _CHAT_LEAD)

    def relate(self, task: TaskPrompt) -> Sequence[tuple[int, int]]:
        """The same name, or one name inside the other."""
        return same_pairs(task, names_alike(task.lang), _SAME_NAME, _SAME_HERE)

    def organize(self, task: TaskPrompt) -> Sequence[OrganizedItem]:
        """The category whose cues weigh most; beside them, sentences lend each other theirs."""
        texts = [text for _, text in task.sentences]
        scores = self._scores(texts, task.lang)
        return organize(task, self._domain, scores, _DECISION)

    def turns(self, task: TaskPrompt) -> tuple[bool, ...]:
        """For each sentence, whether the speaker turns to another subject in it."""
        sheet = self._sheets[task.lang]
        return tuple(sheet.is_transition(text) for _, text in task.sentences)

    def head_worth(self, head: Head, lang: str) -> float:
        """1 for a noun known to name things, 0 for one known not to, little for the others."""
        if head.numbered:
            return _NUMBERED_WORTH
        known = kind_stems(lang)
        if head.stem in known.talk or (lang == "zh" and _counted(head.stem) in known.talk):
            return 0.0
        if self._is_thing(head, lang):
            return 1.0
        if lang == "en" and not any(phrase.pointed or phrase.presented for phrase in head.phrases):
            return 0.0
        return _UNKNOWN_WORTH / (1 + self._everyday[lang][head.stem])

    def _is_thing(self, head: Head, lang: str) -> bool:
        known = kind_stems(lang)
        if lang == "zh" and head.stem[-1] in known.last_characters:
            return True
        if head.stem not in known.things:
            return False
        # "Throw it on" and "press it" are verbs: a noun is pointed at, or in the plural, or long.
        return lang != "en" or any(
            singular(phrase.text.split()[-1].casefold(), lang) in known.nouns
            and (
                phrase.pointed
                or phrase.presented
                or len(phrase.key) > 1
                or singular(phrase.text.casefold(), lang) != phrase.text.casefold()
                or len(phrase.text) > _SHORT_WORD
            )
            for phrase in head.phrases
        )

    def _scores(self, texts: Sequence[str], lang: str) -> Scores:
        return less_filler(self._sheets[lang].scores(texts), texts, lang)

    def _course(self, task: TaskPrompt) -> Course:
        texts = [text for _, text in task.sentences]
        scores = self._scores(texts, task.lang)
        return course(self._domain, scores, self.turns(task), texts, task.lang, _DECISION)

    def _head_fit(self, lang: str, flow: Course) -> HeadFit:
        def fit(found: Sequence[Head], texts: Sequence[str]) -> Emissions:
            worth = [self.head_worth(head, lang) for head in found]
            return mention_fit(found, texts, worth, flow)

        return fit


def _counted(stem: str) -> str:
    """The Chinese noun without a measure word that the cutter took for its beginning: 杯水."""
    return stem[1:] if stem[0] in _MEASURES else stem


def everyday_words(domain: Domain, lang: str) -> Counter[str]:
    """In how many of the domain's examples each stem occurs, filler included."""
    groups = [category.examples.get(lang, ()) for category in domain.categories]
    groups.append(domain.filler.examples.get(lang, ()))
    return Counter(stem for group in groups for text in group for stem in stems(text, lang))
