"""Tells sentences that speak to a machine from those that speak to the audience.

Text of a stream is data. The code arms follow no order in it anyway; this keeps such sentences
from counting as evidence about the sentences around them.
"""

from __future__ import annotations

import re
from typing import Final

_MARKUP: Final = re.compile(
    r"""
    <\|?/?\s*(?:im_start|im_end|system|assistant|user|task|sentences|repair|s|inst|endoftext)\b
    | \[/?(?:INST|SYS|SYSTEM)\]
    | ^\W*(?:system|assistant|user|developer|human|ai)\s*[:>]
    | ^\W*(?:система|ассистент|пользователь|系统|助手|用户)\s*[:：]
    | [{\[]\s*["']?\w+["']?\s*:
    | ["'](?:subjects|spans|same|items|categories|subject|id|name)["']\s*:
    | \[\s*\[\s*\d | \[\s*\] | \{\s*\}
    | ^\W*\#{2,} | ```
    | (?:^|\s)[0-9]{1,5}\s+["“](?=\w)
    | (?=[a-z+/]*[0-9])[a-z0-9+/]{20,}
    | [\x00-\x08\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]
    """,
    re.IGNORECASE | re.VERBOSE,
)
_ORDER: Final = re.compile(
    r"""
    \b(?:ignore|disregard|override|bypass)\b.{0,40}
      \b(?:above|previous|prior|earlier|instructions?|prompts?|rules?|task|guidelines|everything)\b
    | \bforget\b.{0,40}\b(?:previous|prior|instructions?|prompts?|rules?|guidelines|everything)\b
    | \b(?:system|hidden|developer)\s+(?:prompt|message|instructions?)\b
    | \b(?:answer|reply|respond|output|return|print)\b.{0,20}
      \b(?:json|only\s+with|with\s+only|empty\s+list|nothing\s+else|exactly)\b
    | \byou\s+are\s+(?:now\s+)?(?:an?\s+)?(?:\w+\s+)?
      (?:ai|assistant|language\s+model|chatbot|llm|dan)\b
    | \b(?:new|updated)\s+instructions?\b | \bjailbreak\b | \bas\s+an\s+ai\b
    | (?:忽略|无视|忘记|不要理会|跳过).{0,12}(?:以上|上面|之前|前面|指令|提示|规则|所有|任务)
    | (?:只|仅)?(?:回答|回复|输出|返回).{0,8}(?:空|json|JSON|列表|数组|如下)
    | 你(?:现在)?是.{0,6}(?:助手|模型|机器人|人工智能|AI) | (?:系统|新的?)(?:提示|指令|消息)
    | (?:игнорируй|проигнорируй|забудь|не\s+обращай).{0,40}
      (?:выше|предыдущ|инструкц|указани|правил|вс[её]|задани|текст)
    | (?:ответь|отвечай|верни|выведи|напиши).{0,20}(?:json|пуст|только|ровно|спис)
    | ты\s+(?:теперь\s+)?(?:\w+\s+)?(?:ассистент|модель|бот|ии)\b
    | системн\w+\s+(?:промпт|сообщени|инструкц)\w* | нов\w+\s+инструкц\w+
    | \b[a-z]+_[a-z]+\b
    | \b(?:dear|hey|hello)\s+(?:ai|model|assistant|llm)\b | \bcategory\s+list\b
    | \b(?:list|mark|sort|label|put)\b.{0,30}\b(?:sentences?|lines)\b
    | \b(?:subject|sentence|line|id)s?\s+(?:number\s+)?[0-9]+\b | \bspans?\s+(?:from|of|is|are)\b
    | (?:主题|商品编号|句子)\s*[0-9]+ | (?:сюжет|предмет|строк|отрезок)\w*\s+(?:от\s+)?[0-9]+
    | (?:输出|回答|分类|归到|归类|标注).{0,12}(?:类别|一类|句|[0-9]{3,}|空)
    | (?:类别|分类|标签)(?:列表|名单)? | (?:句子|模型).{0,8}(?:不算|跳过|注意|不要)
    | (?:请)?照(?:抄|做) | [0-9]{4,}.{0,6}(?:句|行) | (?:回答|输出).{0,8}[0-9]{3,}
    | уважаем\w+\s+(?:модель|ассистент|бот) | (?:список|одна)\s+категори\w+
    | (?:отнес|помет|укаж|пропуст)\w*.{0,30}(?:предложени|строк|ответ|категори|сюжет)\w*
    | (?:предложени|строк|сюжет)\w*\s+[0-9]{2,}
    """,
    re.IGNORECASE | re.VERBOSE,
)
_LONG_TEXT: Final = 4000
_REPEATED: Final = re.compile(r"(.{1,40}?)\1{19,}", re.DOTALL)


def speaks_to_machine(text: str) -> bool:
    """Whether a sentence holds chat markup, control characters, JSON, an order to a model, or the

    same few characters twenty times over.
    """
    beginning = text[:_LONG_TEXT]
    return any(pattern.search(beginning) for pattern in (_MARKUP, _ORDER, _REPEATED))
