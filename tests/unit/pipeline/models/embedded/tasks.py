"""Role tasks over small windows, for the tests of the embedded models."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.domains import Category, CueSet, Domain, SubjectGuide
from pipeline.models.embedded.arm import ChatMessage
from pipeline.prompt_format import PromptSubject, TaskPrompt, render_user

CATEGORIES = (
    "opening",
    "product_description",
    "price_discussion",
    "order_urging",
    "customer_interaction",
)

LAMP_AND_MUG = (
    "hello everybody, first up we have the copper desk lamp",
    "this desk lamp has three brightness levels and a soft cotton cable",
    "the lamp is made of brushed copper and it folds flat",
    "you pay only nineteen dollars for the desk lamp today",
    "there are twelve lamps left, tap the link and check out now",
    "okay",
    "thanks for the hearts, maria, where are you watching from?",
    "let's move on to the stoneware mug",
    "this mug is glazed by hand and safe in the dishwasher",
    "the mug holds three hundred millilitres of coffee",
    "the stoneware mug is seven dollars with the coupon",
    "grab the mug before the countdown ends, three two one, link is live",
)

KETTLE_ZH = (
    "接下来给大家介绍的是这款电热水壶，",
    "这款水壶是不锈钢内胆，一升半的容量，",
    "水壶烧水只要三分钟，非常静音，",
    "平时卖一百二十九，今天水壶到手价只要七十九块九，",
    "来，三二一，上链接，赶紧去拍，",
    "好的，",
    "谢谢小雨的关注，有没有想看颜色的宝宝？",
    "我们再来看下一款陶瓷杯子，",
    "这个杯子是手工上釉的，可以进洗碗机，",
    "陶瓷杯子今天九块九一个，",
)

BRIDGE_RU = (
    "Мост через реку закрыли на ремонт в понедельник утром.",
    "На мосту инженеры нашли трещину длиной сорок сантиметров.",
    "По словам мэра, мост откроют через две недели.",
    "Вероятно, ремонт моста затянется до осени.",
    "Решение закрыть мост без предупреждения кажется нам ошибкой.",
    "К другим новостям: в город пришла метель.",
    "Метель остановила автобусы на северной трассе.",
    "Метель продлится, скорее всего, до среды.",
)


def numbered(texts: Sequence[str]) -> tuple[tuple[int, str], ...]:
    """The texts with local sentence numbers from 1."""
    return tuple(enumerate(texts, 1))


def finder(texts: Sequence[str], lang: str = "en", domain: str = "ecommerce") -> TaskPrompt:
    return TaskPrompt("topic_finder", domain, lang, ("price",), (), (), numbered(texts))


def locator(
    texts: Sequence[str], names: Sequence[str], lang: str = "en", domain: str = "ecommerce"
) -> TaskPrompt:
    subjects = tuple(PromptSubject(number, name) for number, name in enumerate(names, 1))
    return TaskPrompt("topic_locator", domain, lang, (), (), subjects, numbered(texts))


def organizer(
    texts: Sequence[str],
    name: str,
    lang: str = "en",
    domain: str = "ecommerce",
    categories: Sequence[str] = CATEGORIES,
) -> TaskPrompt:
    offered = tuple(range(1, len(texts) + 1))
    subjects = (PromptSubject(1, name, (), False, (), offered),)
    return TaskPrompt(
        "content_organizer", domain, lang, (), tuple(categories), subjects, numbered(texts)
    )


def checker(known: Sequence[str], new: Sequence[str], lang: str = "en") -> TaskPrompt:
    names = [(name, True) for name in known] + [(name, False) for name in new]
    subjects = tuple(
        PromptSubject(number, name, (), is_known)
        for number, (name, is_known) in enumerate(names, 1)
    )
    return TaskPrompt("relationship_checker", "ecommerce", lang, (), (), subjects, ())


def chat(task: TaskPrompt) -> tuple[ChatMessage, ...]:
    """The messages that ask for a task."""
    return (ChatMessage("system", "Answer with JSON."), ChatMessage("user", render_user(task)))


def bare_domain() -> Domain:
    """A domain that declares categories and nothing else."""
    empty = CueSet({}, {})
    return Domain(
        name="bare",
        languages=("en",),
        subject=SubjectGuide({"en": "recipe"}, {}),
        attributes=(),
        categories=(
            Category("ingredients", {"en": "What goes into the dish: flour, eggs, sugar."}, {}, {}),
            Category("steps", {"en": "What the cook does: stir, bake, chop, wait."}, {}, {}),
        ),
        filler=empty,
        transitions={},
        prompts={},
    )
