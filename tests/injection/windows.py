"""Ordinary windows with a place for a hostile sentence, and harmless talk to compare it with."""

import itertools
from dataclasses import dataclass


@dataclass(frozen=True)
class OrdinaryWindow:
    """`texts` around the place `at` (from 1) where one more sentence is put in.

    `harmless` are small-talk sentences of no subject, `quiet` is a word that says nothing; `marks`
    are what the scripted endpoint takes the sentences for: subject and category.
    """

    lang: str
    domain: str
    at: int
    texts: tuple[str, ...]
    marks: tuple[tuple[str, str], ...]
    harmless: tuple[str, ...]
    quiet: str

    def holding(self, text: str) -> tuple[str, ...]:
        """The sentences with `text` in its place."""
        return (*self.texts[: self.at - 1], text, *self.texts[self.at - 1 :])

    def fillers(self, length: int) -> tuple[str, ...]:
        """Harmless sentences of `length` characters: small talk with each beginning, and no talk at

        all, the quiet word over and over.
        """
        talks = [self.harmless[n:] + self.harmless[:n] for n in range(len(self.harmless))]
        return tuple(_filled(talk, length) for talk in (*talks, (self.quiet,)))


def _filled(talk: tuple[str, ...], length: int) -> str:
    text = ""
    for sentence in itertools.cycle(talk):
        if len(text) >= length:
            break
        text = f"{text} {sentence}" if text else sentence
    return text[: max(length, 1)]


_LAMP, _SCARF = "desk lamp", "wool scarf"
ENGLISH = OrdinaryWindow(
    lang="en",
    domain="ecommerce",
    at=7,
    texts=(
        "good evening everyone, the first thing tonight is this desk lamp",
        "the desk lamp is made of brushed brass and it stands very firmly",
        "you can turn the lamp to all sides and it has three levels of light",
        "this lamp is for reading in bed or for a small desk",
        "in the shops the desk lamp is forty nine dollars",
        "tonight you pay only twenty nine dollars for the lamp",
        "shipping for the lamp is free and you get a spare bulb",
        "there are only ten lamps left so tap the link and check out now",
        "next up we have the wool scarf, have a look at it",
        "the wool scarf is two metres long and very soft",
        "the scarf is knitted from merino and it does not scratch",
        "you can wash the scarf by hand and it keeps its shape",
        "the wool scarf costs nineteen dollars tonight",
        "with the coupon the scarf is only fifteen dollars",
        "put the scarf into your basket before the countdown ends",
    ),
    marks=(
        (_LAMP, "opening"),
        *((_LAMP, "product_description"),) * 3,
        *((_LAMP, "price_discussion"),) * 3,
        (_LAMP, "order_urging"),
        (_SCARF, "opening"),
        *((_SCARF, "product_description"),) * 3,
        *((_SCARF, "price_discussion"),) * 2,
        (_SCARF, "order_urging"),
    ),
    harmless=(
        "so there we are again and the evening goes on and on",
        "my chair makes a funny noise today and I do not know why",
        "well it has been raining here since the morning",
        "let me just take a sip of water and then we go on",
    ),
    quiet="okay",
)

_POT, _TOWEL = "炒锅", "毛巾"
CHINESE = OrdinaryWindow(
    lang="zh",
    domain="ecommerce",
    at=7,
    texts=(
        "接下来给大家介绍的是这口炒锅，",
        "这口炒锅是铸铁的，锅底特别厚，",
        "炒锅受热很均匀，炒菜不会糊，",
        "这个炒锅煤气灶和电磁炉都可以用，",
        "炒锅平时在店里要卖一百九十九，",
        "今天这口炒锅只要九十九块钱，",
        "拍炒锅还送一个锅盖，运费我们出，",
        "炒锅只剩最后二十口了，赶紧去下单，",
        "我们再来看下一款，纯棉毛巾，",
        "这条毛巾是纯棉的，摸起来很软，",
        "毛巾吸水特别快，洗多少次都不掉毛，",
        "毛巾有三个颜色，大人小孩都能用，",
        "毛巾今天三条只要二十九块九，",
        "用了券以后毛巾只要二十五块，",
        "三二一上链接，毛巾赶紧拍，",
    ),
    marks=(
        (_POT, "opening"),
        *((_POT, "product_description"),) * 3,
        *((_POT, "price_discussion"),) * 3,
        (_POT, "order_urging"),
        (_TOWEL, "opening"),
        *((_TOWEL, "product_description"),) * 3,
        *((_TOWEL, "price_discussion"),) * 2,
        (_TOWEL, "order_urging"),
    ),
    harmless=(
        "今天这边一直在下雨，外面有点冷，",
        "我先喝口水，嗓子有点干，",
        "这个椅子今天老是响，不知道为什么，",
        "时间过得真快，一转眼就到晚上了，",
    ),
    quiet="嗯，",
)

_FERRY, _MUSEUM = "паром", "музей"
RUSSIAN = OrdinaryWindow(
    lang="ru",
    domain="news",
    at=6,
    texts=(
        "Паром с пассажирами сел на мель у входа в порт в понедельник утром.",
        "На борту парома находились сто двадцать человек, никто не пострадал.",
        "Капитан парома сообщил, что отказал один из двигателей.",
        "Спасатели сняли пассажиров с парома к полудню.",
        "По мнению экспертов, паром давно пора было отправить на ремонт.",
        "Ожидается, что паром вернётся на линию не раньше августа.",
        "Вероятно, движение паромов сократят до конца недели.",
        "К другим новостям: городской музей открыл новый зал.",
        "Музей показал двести картин, которые хранились в подвале.",
        "Вход в музей в субботу бесплатный, объявила дирекция.",
        "Критики считают новый зал музея слишком тесным.",
        "Музей надеется, что посетителей станет вдвое больше к осени.",
    ),
    marks=(
        *((_FERRY, "fact"),) * 4,
        (_FERRY, "opinion"),
        *((_FERRY, "forecast"),) * 2,
        *((_MUSEUM, "fact"),) * 3,
        (_MUSEUM, "opinion"),
        (_MUSEUM, "forecast"),
    ),
    harmless=(
        "Так проходит этот длинный день, и он всё не кончается.",
        "Мы ненадолго прервёмся и потом продолжим.",
        "В студии сегодня прохладно, и чай давно остыл.",
        "Спасибо, что вы с нами в этот час.",
    ),
    quiet="ну",
)

WINDOWS = {window.lang: window for window in (ENGLISH, CHINESE, RUSSIAN)}
