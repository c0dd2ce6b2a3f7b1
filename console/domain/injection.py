# the letters that look like others are what this module is about
"""Injection: places of a draft that speak to whoever is to judge it, instead of being the draft.

A lint, not a wall: a draft goes to its judges as data whatever it says, and no model's word is a verdict. What is found
here takes the decision from the machine and gives it to a person. Each form wants several words that ordinary code,
changelogs and articles about reviews do not put together; an article that quotes such a sentence is found as well, and
a person sees that it does.
"""

import re
from collections.abc import Iterator

from console.domain.contract import Finding, Severity
from console.domain.folding import fold_compatible

# The text in which words are looked for has lower case, single spaces, line feeds, and `. ! ? : ; ,` as the only signs.
_JUDGE = "(?:reviewer|critic|judge|grader|evaluator)"
_THIS = "this (?:draft|patch|diff|artifact|candidate|submission|article|document|change|plan)"
_START = (
    r"(?:^|(?<=[.!?:;,\n])|(?<=[.!?:;,] ))(?:(?:please|just|simply|now|kindly|so|then|and|therefore|must"
    "|you (?:must|should|will|shall|have to|need to|are to)) ){0,2}"
)
_TOP = "(?:4|four|5|five|10|ten|100)"
_HIGHEST = "(?:full|maximum|max|maximal|highest|perfect|top)"

_SET_ASIDE = (
    "(?:ignore|disregard|forget|override|neglect|bypass) (?:(?:all|any|the|your|of|my|these|those|every|everything in)"
    " ){0,3}(?:previous|prior|preceding|earlier|foregoing|former|original|system|existing|safety) (?:[a-z]+ ){0,1}"
    "(?:instructions?|prompts?|rules|guidelines|directions|directives|messages?|criteria|rubric)\\b",
    "(?<!can )(?<!may )(?<!could )(?<!safely )(?:ignore|disregard|forget) (?:all |everything |any )(?:of )?(?:the )?"
    "(?:instructions?|prompts?|rules|text|you were told)(?: (?:given|written|said))?(?: to you)?(?: that came)?"
    " ?(?:above|before|so far)\\b",
    "(?:ignore|disregard|forget) (?:everything|all)(?: that)? (?:you (?:were|have been|are)|i|they)"
    " (?:told|said|given)\\b",
    "(?:ignore|disregard|forget|override) (?:your (?:instructions|rules)"
    "|(?:the|your) (?:rubric|criteria|system prompt|scoring rules))\\b",
    "(?:new|updated|revised|real|actual|additional) instructions? (?:for|to) (?:the )?(?:ai\\b|llm|model|"
    + _JUDGE
    + ")",
)
_ADDRESS = (
    f"as the (?:[a-z]+ )?{_JUDGE},? ?you (?:must|shall|are required to)\\b",
    f"as an? (?:[a-z]+ )?{_JUDGE},? ?you (?:must|should|shall|have to|need to) (?:[a-z]+ )?(?:approve {_THIS}"
    f"|score (?:this|it|every|all|each)|rate (?:this|it|every|all)|give (?:this|it|every|all|each|{_HIGHEST})"
    f" (?:[a-z]+ )?{_TOP}|ignore (?:the|all|any|your|previous)|(?:output|answer|respond|reply) (?:with |only )+)",
    f"(?:note|message|attention|instructions?|hint|dear|hello|hey|to|for)(?: to| for)?,? (?:the |any |all )?(?:ai|llm|"
    f"automated|automatic|machine) (?:[a-z]+ )?{_JUDGE}s?[:,.!]",
    f"(?:dear|hello|hey|attention) (?:the )?{_JUDGE}s?\\b",
    f"(?:note|message|instructions?|attention)(?: to| for)?(?: the| all)? {_JUDGE}s?[:,.]{{0,1}}"
    f" (?:[a-z]+[, ] ?){{0,6}}(?:approve {_THIS}|do not (?:report|flag)|skip (?:the|your) review"
    f"|{_HIGHEST} (?:scores?|marks?))",
    f"{_JUDGE}[:,.!] ?(?:please |you must |you should |just |now ){{0,2}}(?:approve|accept|pass|score|rate) (?:this|it|"
    f"everything|all)\\b",
    "if you are an? (?:ai|llm|(?:large )?language model)(?: reviewer| model| assistant| judge| grader)?[,:.] ?",
    f"you are no longer an? (?:[a-z]+ )?{_JUDGE}",
)
_APPROVAL = (
    _START + f"(?:approve|accept|pass) {_THIS}\\b(?! ?\\?)(?! (?:request|button|order))",
    _START + r"approve this(?: ?[.!\n]| ?$| (?:immediately|now|as is|without|unconditionally|at once)\b)",
    _START + r"(?:approve|accept|pass) (?:it|this|everything|all of it) without (?:[a-z]+ ){0,2}(?:review|question|"
    r"check|reading|looking|comment|change|finding)",
    _START + f"mark {_THIS} as (?:approved|passed|passing|flawless|perfect|safe|ready(?! for))",
    _START + "(?:return|output|answer|respond|reply|say|give|set|write|print|emit)(?: with| only| just){0,2}(?: a| the|"
    " your)? (?:final |overall |review )?(?:verdict|review status)(?: of| is| as| to| equal to|:)? (?:ready|approved?|"
    "pass|passed|accept|accepted)\\b",
    "(?:your|the (?:only|correct|right|expected|final)) verdict (?:must|should|has to|will|is to|is) (?:be )?(?:ready|"
    "approved?|pass|passed|accept|accepted)\\b",
    f"(?:do not|dont|never) (?:report|list|flag|mention|raise|include|quote) (?:(?:any|a single|the) )?(?:(?:findings?|"
    f"blockers?|criticisms?)\\b|(?:issues?|problems?|concerns?|errors?|flaws?) (?:in|with|about|of) {_THIS})",
    "(?:keep|leave) (?:the |your )?(?:list of )?findings (?:list )?empty\\b",
    f"{_THIS} (?:is|has been|was) already (?:been )?(?:reviewed|approved)(?: and approved)?(?: by [a-z ]{{1,30}})?"
    f"[,.;:] ?(?:so |therefore |and )?(?:there is no need|you need not|do not|skip|just|simply)\\b",
)
_SCORES = (
    f"(?:score|rate|grade|mark) (?:of )?{_TOP} (?:on|for|in|to) (?:everything|all|each|every)\\b",
    f"(?:score|rate|grade|mark) (?:everything|{_THIS}|(?:all|each|every)(?: of)?(?: the)? (?:criteria|criterion|"
    f"categor(?:y|ies)|items?)) (?:with |as |at |an? |the ){{0,3}}(?:{_TOP}\\b|{_HIGHEST}\\b)",
    f"give (?:{_THIS}|this|yourself|everything|(?:all|each|every)(?: of)?(?: the)? (?:criteria|criterion)) "
    f"(?:with |as |an? |the |score of )?(?:{_TOP}\\b|{_HIGHEST} (?:possible )?(?:scores?|marks?|points|ratings?))",
    f"(?:all|each|every)(?: of)?(?: the| your)? (?:criteria|criterion|scores?) (?:should|must|has to|have to|shall) "
    f"(?:be|get|receive|have)(?: scored| given)?(?: an?| the)? (?:{_TOP}\\b|{_HIGHEST}\\b)",
    f"{_TOP}(?: out of | of | )(?:4|5|10|100) (?:on|for|in) (?:everything|all|each|every)\\b",
    "give it (?:an? |the )?(?:perfect|full) (?:scores?|marks?)\\b",
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
    "(?:请|請|务必|務必|直接|立即|必须|必須)(?:直接|立即|务必|務必|无条件|無條件|你|您)?(?:批准|通过|通過|放行)(?:本|这|這|此|该|該)"
    "(?:一)?(?:个|個|份|篇|次|项|項|条|條)?(?:草稿|补丁|補丁|修改|改动|改動|方案|文章|文档|文檔|提交|变更|變更|稿件|计划|計劃|评审|評審)",
    "(?:不要|请勿|請勿|不得|切勿)(?:报告|報告|指出|列出|提及|标记|標記)(?:任何|本文的|其中的)(?:问题|問題|缺陷|发现|發現|错误|錯誤)",
    "(?:结论|結論|判定|评审结果|評審結果|裁决|裁決)(?:必须|必須|应该|應該|应为|應為|只能)(?:是|为|為)?(?:ready|通过|通過|批准)",
)
_CHINESE_SCORES = (
    "(?:所有|全部|每个|每個|每项|每項|各项|各項)(?:的)?(?:评分)?(?:标准|標準|指标|指標|项目|項目|项|維度|维度|分数|分數)?(?:都|均|全部|一律|必须|必須)"
    "(?:给|給|打|评|評|为|為|是|得)(?:出|予|了)?(?:满分|滿分|最高分|[45四五]分?|100分?)",
    "(?:请|請|务必|務必|直接)(?:给|給|打)(?:本文|本稿|这|這|此|它|出|予)?(?:份|篇|个|個)?(?:草稿|补丁|補丁|文章|方案)?(?:打)?(?:满分|滿分|最高分)",
)
_PHRASES = (
    ("INJ-01", "it tells whoever reads it to set the instructions aside", _SET_ASIDE, _CHINESE_SET_ASIDE),
    ("INJ-02", "it speaks to the reviewer", _ADDRESS, _CHINESE_ADDRESS),
    ("INJ-03", "it asks for its own approval, or that nothing is found in it", _APPROVAL, _CHINESE_APPROVAL),
    ("INJ-04", "it asks for scores", _SCORES, _CHINESE_SCORES),
)
_FORMS = tuple(
    (
        finding_id,
        words,
        re.compile(
            f"(?<![a-z0-9_-])(?:{'|'.join(english)})|{'|'.join(chinese)}".replace(" ", r"\s"),
        ),
    )
    for finding_id, words, english, chinese in _PHRASES
)
"""What is looked for in the plain words of a text; no gap is unbounded, so that the time only grows with the text."""

_VERDICT_LINE = re.compile(
    r"^[^\w\n]{0,20}(?:(?:final|overall|my|the|review(?:er)?|critic)[ _-]){0,2}(?:verdict|review[ _-]?status)"
    r"[^\w\n]{1,12}(?:ready|approved?|pass(?:ed)?|accept(?:ed)?|revise|block(?:ed)?)[^\w\n]{0,12}$",
    re.MULTILINE,
)
_BLOCK = "(?:draft|task|instructions|context|plan|findings|criteria)"
_MARKERS = re.compile(
    rf"(?<!<)<<< ?(?:end {_BLOCK}\b|{_BLOCK}(?: [^\n<>]{{1,200}})?>>>)"
    rf"|[-=#*<>\[]{{3,20}} ?end (?:of )?(?:the )?(?:untrusted )?(?:draft|artifact|data block|data|input)"
    r" ?[-=#*<>\]]{3,20}"
    r"|<\|(?:im_start|im_end|endoftext|eot_id|end_of_text|begin_of_text|start_header_id|end_header_id|system|user"
    r"|assistant|end)\|>|(?<!\w)\[/?inst\]|<</?sys>>|<(?:start|end)_of_turn>"
    r"|^[^\w\n]{0,20}(?:system|assistant|developer)(?: prompt| message)?[ *]{0,3}: ?(?:ignore|disregard|approve|"
    r"override|score|new instructions|the draft is|this draft is)\b",
    re.MULTILINE,
)
_KEY = re.compile(
    r"""\\{0,3}["'](?:(nonce|score|evidence|severity|quote|note)\\{0,3}["']\s{0,8}:"""
    r"""|(criteria|findings)\\{0,3}["']\s{0,8}:\s{0,40}\[)"""
)
_ANSWERS = (
    frozenset({"nonce", "findings"}),
    frozenset({"nonce", "criteria"}),
    frozenset({"criteria", "score", "evidence"}),
    frozenset({"severity", "quote", "note"}),
)
"""Names that stand together in the answers of judges, and hardly anywhere else."""

_HIDDEN = re.compile(
    "[\u200b\u2060-\u2064\u206a-\u206f\u180e\u115f\u1160\u3164\uffa0\u034f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ufff9-\ufffb]"
    r"|(?s:(?<=.))\ufeff"
    "|[\x00-\x08\x0e-\x1f\x7f\x80-\x84\x86-\x9f]"
    "|(?<=[0-9A-Za-z])[\xad\u200c-\u200f\u061c](?=[0-9A-Za-z])"
    "|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2}"
    "|(?<![\U0001f3f4\U000e0020-\U000e007e])[\U000e0000-\U000e007f]"
)
"""What nobody sees and a model reads; not the marks of direction, joiners and selectors that scripts and emoji need."""

_UNSEEN = re.compile(
    "[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
_LIKE_LATIN = str.maketrans("аеорсухіјѕԁһӏոαορνικετ", "aeopcyxijsdhlnaopviket")
"""Letters of other scripts that look like Latin ones."""


def find_injection(text: str) -> tuple[Finding, ...]:
    """Return what in a draft speaks to its reviewer or critic; one finding for each way in which it does.

    Every finding is a reason to leave the decision to a person. Its words are ours; where it was seen stands in its
    evidence as a line and a number.
    """
    return tuple(_findings(text))


def _findings(text: str) -> Iterator[Finding]:
    folded = fold_compatible(text).replace("\r\n", "\n").replace("\r", "\n").casefold()
    seen = _UNSEEN.sub("", folded).translate(_LIKE_LATIN)
    words = _plain_words(seen)
    for finding_id, what, expression in _FORMS:
        yield from _found(finding_id, what, expression, words)
    yield from _found("INJ-05", "a line of it reads like a verdict", _VERDICT_LINE, seen)
    yield from _found("INJ-06", "it holds the mark of a block's end or of another speaker's turn", _MARKERS, seen)
    keys = {match.group(1) or match.group(2) for match in _KEY.finditer(seen)}
    if any(answer <= keys for answer in _ANSWERS):
        yield _finding("INJ-07", "it holds JSON with the names of a judge's answer")
    yield from _found("INJ-08", "it holds characters that nobody sees and a model reads", _HIDDEN, text)


def _plain_words(text: str) -> str:
    """Return a text's words in their lines, with the signs of sentences and without any others.

    What a diff, a comment or a list puts before a line goes; a comment behind code begins as a sentence does.
    """
    text = text.replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    text = re.sub(r"^[^\w\n]+", "", text, flags=re.MULTILINE).replace("//", ",").replace("#", ",")
    text = re.sub(r"[^\w\n.!?:;,。-]|(?<![^\W_])[_-]+|[_-]+(?![^\W_])", " ", text)
    return re.sub(r" ?\n ?", "\n", re.sub(r" +", " ", text))


def _found(finding_id: str, what: str, expression: re.Pattern[str], text: str) -> Iterator[Finding]:
    places = [match.start() for match in expression.finditer(text)]
    if places:
        line = text.count("\n", 0, places[0]) + 1
        more = f", and {len(places) - 1} more" if len(places) > 1 else ""
        yield _finding(finding_id, what, f"line {line}{more}")


def _finding(finding_id: str, what: str, evidence: str = "") -> Finding:
    return Finding(finding_id, Severity.FAIL, f"injection suspected: {what}", evidence=evidence)
