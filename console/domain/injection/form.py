# this module is about look-alike letters
"""Regular expressions for sentences that address the reviewer, in English and Chinese; phrases cover other wordings.

Each form needs several words that ordinary code, changelogs and articles about reviews do not combine. No form has an
unbounded gap, and an English form is tried only at its first words, so the time is linear in the text.
"""

import re
from collections.abc import Iterator
from functools import cache

from console.domain.injection.phrase import begins_clause

# The searched text has lower case, single spaces, line feeds, and `. ! ? : ; ,` as the only punctuation.
# Before each English form are its possible first words; `^` requires them at the beginning of a clause.
_JUDGE = "(?:reviewer|critic|judge|grader|evaluator)"
_THIS = "this (?:draft|patch|diff|artifact|candidate|submission|article|document|change|plan)"
_TOP = "(?:4|four|5|five|10|ten|100)"
_HIGHEST = "(?:full|maximum|max|maximal|highest|perfect|top)"

_SET_ASIDE = (
    (
        "ignore disregard forget override neglect bypass",
        "(?:ignore|disregard|forget|override|neglect|bypass) (?:(?:all|any|the|your|of|my|these|those|every|"
        "everything in)"
        " ){0,3}(?:previous|prior|preceding|earlier|foregoing|former|original|system|existing|safety) (?:[a-z]+ ){0,1}"
        "(?:instructions?|prompts?|rules|guidelines|directions|directives|messages?|criteria|rubric)\\b",
    ),
    (
        "ignore disregard forget",
        "(?<!can )(?<!may )(?<!could )(?<!safely )(?:ignore|disregard|forget) (?:all |everything |"
        "any )(?:of )?(?:the )?"
        "(?:instructions?|prompts?|rules|text|you were told)(?: (?:given|written|said))?(?: to you)?(?: that came)?"
        " ?(?:above|before|so far)\\b",
    ),
    (
        "ignore disregard forget",
        "(?:ignore|disregard|forget) (?:everything|all)(?: that)? (?:you (?:were|have been|are)|i|they)"
        " (?:told|said|given)\\b",
    ),
    (
        "ignore disregard forget override",
        "(?:ignore|disregard|forget|override) (?:your (?:instructions|rules)"
        "|(?:the|your) (?:rubric|criteria|system prompt|scoring rules))\\b",
    ),
    (
        "new updated revised real actual additional",
        "(?:new|updated|revised|real|actual|additional) instructions? (?:for|to) (?:the )?(?:ai\\b|llm|model|"
        + _JUDGE
        + ")",
    ),
)
_ADDRESS = (
    ("as", f"as the (?:[a-z]+ )?{_JUDGE},? ?you (?:must|shall|are required to)\\b"),
    (
        "as",
        f"as an? (?:[a-z]+ )?{_JUDGE},? ?you (?:must|should|shall|have to|need to) (?:[a-z]+ )?(?:approve {_THIS}"
        f"|score (?:this|it|every|all|each)|rate (?:this|it|every|all)|give (?:this|it|every|all|each|{_HIGHEST})"
        f" (?:[a-z]+ )?{_TOP}|ignore (?:the|all|any|your|previous)|(?:output|answer|respond|reply) (?:with |only )+)",
    ),
    (
        "note message attention instruction instructions hint dear hello hey to for",
        f"(?:note|message|attention|instructions?|hint|dear|hello|hey|to|for)(?: to| for)?,? (?:the |any |"
        f"all )?(?:ai|llm|"
        f"automated|automatic|machine) (?:[a-z]+ )?{_JUDGE}s?[:,.!]",
    ),
    ("dear hello hey attention", f"(?:dear|hello|hey|attention) (?:the )?{_JUDGE}s?\\b"),
    (
        "note message instruction instructions attention",
        f"(?:note|message|instructions?|attention)(?: to| for)?(?: the| all)? {_JUDGE}s?[:,.]{{0,1}}"
        f" (?:[a-z]+[, ] ?){{0,6}}(?:approve {_THIS}|do not (?:report|flag)|skip (?:the|your) review"
        f"|{_HIGHEST} (?:scores?|marks?))",
    ),
    (
        "reviewer critic judge grader evaluator",
        f"{_JUDGE}[:,.!] ?(?:please |you must |you should |just |now ){{0,2}}(?:approve|accept|pass|score|"
        f"rate) (?:this|it|"
        f"everything|all)\\b",
    ),
    ("if", "if you are an? (?:ai|llm|(?:large )?language model)(?: reviewer| model| assistant| judge| grader)?[,:.] ?"),
    ("you", f"you are no longer an? (?:[a-z]+ )?{_JUDGE}"),
)
_APPROVAL = (
    ("^approve accept pass", f"(?:approve|accept|pass) {_THIS}\\b(?! ?\\?)(?! (?:request|button|order))"),
    ("^approve", r"approve this(?: ?[.!\n]| ?$| (?:immediately|now|as is|without|unconditionally|at once)\b)"),
    (
        "^approve accept pass",
        r"(?:approve|accept|pass) (?:it|this|everything|all of it) without (?:[a-z]+ ){0,2}(?:review|question|"
        r"check|reading|looking|comment|change|finding)",
    ),
    ("^mark", f"mark {_THIS} as (?:approved|passed|passing|flawless|perfect|safe|ready(?! for))"),
    (
        "^return output answer respond reply say give set write print emit",
        "(?:return|output|answer|respond|reply|say|give|set|write|print|emit)(?: with| only| just){0,2}(?: a| the|"
        " your)? (?:final |overall |review )?(?:verdict|review status)(?: of| is| as| to| equal to|:)? (?:ready|"
        "approved?|"
        "pass|passed|accept|accepted)\\b",
    ),
    (
        "your the",
        "(?:your|the (?:only|correct|right|expected|final)) verdict (?:must|should|has to|will|is to|"
        "is) (?:be )?(?:ready|"
        "approved?|pass|passed|accept|accepted)\\b",
    ),
    (
        "do dont never",
        f"(?:do not|dont|never) (?:report|list|flag|mention|raise|include|quote) (?:(?:any|a single|"
        f"the) )?(?:(?:findings?|"
        f"blockers?|criticisms?)\\b|(?:issues?|problems?|concerns?|errors?|flaws?) (?:in|with|about|of) {_THIS})",
    ),
    ("keep leave", "(?:keep|leave) (?:the |your )?(?:list of )?findings (?:list )?empty\\b"),
    (
        "this",
        f"{_THIS} (?:is|has been|was) already (?:been )?(?:reviewed|approved)(?: and approved)?(?: by [a-z ]{{1,30}})?"
        f"[,.;:] ?(?:so |therefore |and )?(?:there is no need|you need not|do not|skip|just|simply)\\b",
    ),
)
_SCORES = (
    (
        "score rate grade mark",
        f"(?:score|rate|grade|mark) (?:of )?{_TOP} (?:on|for|in|to) (?:everything|all|each|every)\\b",
    ),
    (
        "score rate grade mark",
        f"(?:score|rate|grade|mark) (?:everything|{_THIS}|(?:all|each|every)(?: of)?(?: the)? (?:criteria|criterion|"
        f"categor(?:y|ies)|items?)) (?:with |as |at |an? |the ){{0,3}}(?:{_TOP}\\b|{_HIGHEST}\\b)",
    ),
    (
        "give",
        f"give (?:{_THIS}|this|yourself|everything|(?:all|each|every)(?: of)?(?: the)? (?:criteria|criterion)) "
        f"(?:with |as |an? |the |score of )?(?:{_TOP}\\b|{_HIGHEST} (?:possible )?(?:scores?|marks?|points|ratings?))",
    ),
    (
        "all each every",
        f"(?:all|each|every)(?: of)?(?: the| your)? (?:criteria|criterion|scores?) (?:should|must|has to|"
        f"have to|shall) "
        f"(?:be|get|receive|have)(?: scored| given)?(?: an?| the)? (?:{_TOP}\\b|{_HIGHEST}\\b)",
    ),
    (
        "4 four 5 five 10 ten 100",
        f"{_TOP}(?: out of | of | )(?:4|5|10|100) (?:on|for|in) (?:everything|all|each|every)\\b",
    ),
    ("give", "give it (?:an? |the )?(?:perfect|full) (?:scores?|marks?)\\b"),
)
_CHINESE_SET_ASIDE = (
    "(?:忽略|无视|無視|忘记|忘記|忘掉|不要理会|不要理會)(?:掉)?(?:你)?(?:的)?(?:所有|全部|一切|任何)?"
    "(?:以上|之前|前面|上述|上面|先前|此前|原有|原来|原來|系统|系統)(?:的)?(?:所有|全部|一切|任何)?(?:的)?"
    "(?:指令|指示|要求|规则|規則|提示词|提示詞|提示|命令|评分标准|評分標準)",
)
_CHINESE_ADDRESS = (
    "(?:作为|作為|身为|身為)(?:本次|这次|這次|一名|一位|该|該)?(?:评审|評審|审查|審查|审核|審核|审稿|審稿|评估|評估|评判|評判)"
    "(?:员|員|者|人|模型)?[, ]{0,2}(?:你|您)(?:必须|必須|务必|務必|应该|應該|应当|應當|需要|只能)(?:直接|立即|无条件)?"
    "(?:批准|放行|忽略|无视|無視|通过(?:本|这|此|该|[.。!])|通過(?:本|這|此|該|[.。!])|(?:打|给|給)(?:出)?(?:满|滿|最高|4|四)分)",
    "(?:致|告|尊敬的|亲爱的|親愛的)(?:各位)?(?:ai|人工智能|大模型|自动|自動)?(?:评审|評審|审查|審查|审核|審核|审稿|審稿)(?:员|員|者|人|模型)[:,]",
    "如果(?:你|您)是(?:一个|一個|一名)?(?:ai|人工智能|大语言模型|大語言模型|语言模型|語言模型)"
    "(?:评审|評審|模型|助手)?[, ]",
)
_CHINESE_APPROVAL = (
    "(?:请|請|务必|務必|直接|立即|[你您]必[须須])(?:直接|立即|务必|務必|无条件|無條件|你|您)?(?:批准|通过|通過|放行)(?:本|这|這|此|该|該)"
    "(?:一)?(?:个|個|份|篇|次|项|項|条|條)?(?:草稿|补丁|補丁|修改|改动|改動|方案|文章|文档|文檔|提交|变更|變更|稿件|计划|計劃|评审|評審)",
    "(?:不要|请勿|請勿|不得|切勿)(?:报告|報告|指出|列出|提及|标记|標記)(?:任何|本文的|其中的)(?:问题|問題|缺陷|发现|發現|错误|錯誤)",
    "(?:结论|結論|判定|评审结果|評審結果|裁决|裁決)(?:必须|必須|应该|應該|应为|應為|只能)(?:是|为|為)?(?:ready|通过|通過|批准)",
)
_CHINESE_SCORES = (
    "(?:所有|全部|每个|每個|每项|每項|各项|各項)(?:的)?(?:评分)?(?:标准|標準|指标|指標|项目|項目|项|維度|维度|分数|分數)?(?:都|均|全部|一律|必须|必須)"
    "(?:给|給|打|评|評|为|為|是|得)(?:出|予|了)?(?:满分|滿分|最高分|[45四五]分?|100分?)",
    "(?:请|請|务必|務必|直接)(?:给|給|打)(?:本文|本稿|这|這|此|它|出|予)?(?:份|篇|个|個)?(?:草稿|补丁|補丁|文章|方案)?(?:打)?(?:满分|滿分|最高分)",
)
_ENGLISH = (("INJ-01", _SET_ASIDE), ("INJ-02", _ADDRESS), ("INJ-03", _APPROVAL), ("INJ-04", _SCORES))
_CHINESE = (
    ("INJ-01", _CHINESE_SET_ASIDE),
    ("INJ-02", _CHINESE_ADDRESS),
    ("INJ-03", _CHINESE_APPROVAL),
    ("INJ-04", _CHINESE_SCORES),
)
_FIRST_WORD = re.compile(r"(?<![a-z0-9_-])[a-z0-9]++(?![_-])")
_HAN = re.compile("[\u3400-\u9fff]")


def forms_in(text: str) -> Iterator[tuple[str, int]]:
    """Yield each form found in a text of plain words: its finding id and position."""
    english, chinese = _english(), _chinese()
    over: dict[str, int] = {}
    for match in _FIRST_WORD.finditer(text):
        for finding_id, form, begins in english.get(match[0], ()):
            start = match.start()
            if start < over.get(finding_id, 0):
                continue
            found = form.match(text, start)
            if found is not None and (not begins or begins_clause(text, start)):
                over[finding_id] = found.end()
                yield finding_id, start
    if _HAN.search(text):
        for finding_id, expression in chinese:
            for found in expression.finditer(text):
                yield finding_id, found.start()


@cache
def _english() -> dict[str, tuple[tuple[str, re.Pattern[str], bool], ...]]:
    """Return the English forms by first word: the finding id, the form, and whether it begins a clause."""
    forms: dict[str, list[tuple[str, re.Pattern[str], bool]]] = {}
    for finding_id, rows in _ENGLISH:
        for firsts, form in rows:
            compiled = re.compile(form.replace(" ", r"\s"))
            for first in firsts.removeprefix("^").split():
                forms.setdefault(first, []).append((finding_id, compiled, firsts.startswith("^")))
    return {first: tuple(each) for first, each in forms.items()}


@cache
def _chinese() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((finding_id, re.compile("|".join(rows).replace(" ", r"\s"))) for finding_id, rows in _CHINESE)
