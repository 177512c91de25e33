"""Chat templates."""

from bases_fixture import CHATML

from broken_bases.fault import READS, TEMPLATE, TRIED, WORKS, Fault, replaced, settings


def template(text):
    return replaced(TEMPLATE, text)


def entry(value):
    """The template is in tokenizer_config.json alone."""

    def damage(folder):
        (folder / TEMPLATE).unlink()
        settings(chat_template=value)(folder)

    return damage


def both(folder):
    settings(chat_template="{{ nonsense }}")(folder)


LOOP = "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}"
ENDS = "{% endfor %}{% endfor %}{% endfor %}"
FAILS = "its chat template fails"
TEMPLATES = [
    Fault("a loop", template(LOOP + ENDS + CHATML), TRIED),
    Fault("a loop that writes", template(LOOP + "a" + ENDS + CHATML), TRIED),
    Fault(
        "a loop in a later turn",
        template("{% if messages|length > 1 %}" + LOOP + ENDS + "{% endif %}" + CHATML),
        TRIED,
    ),
    Fault(
        "a macro that calls itself",
        template("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"),
        FAILS,
    ),
    Fault(
        "macros that multiply",
        template(
            "{% macro m(n) %}{% if n %}{{ m(n-1) }}{{ m(n-1) }}{% endif %}{% endmacro %}{{ m(60) }}"
            + CHATML
        ),
        TRIED,
    ),
    Fault("ten gigabytes by *", template("{{ 'a' * 10**10 }}" + CHATML), "more memory"),
    Fault("ten gigabytes by center", template("{{ 'a'|center(10**10) }}" + CHATML), "more memory"),
    Fault("a number of a billion digits", template("{{ 9 ** (9 ** 9) > 1 }}" + CHATML), TRIED),
    Fault(
        "doubled again and again",
        template(
            "{% set n = namespace(s='a' * 99) %}"
            "{% for i in range(99) %}{% set n.s = n.s ~ n.s %}{% endfor %}" + CHATML
        ),
        "more memory",
    ),
    Fault("lists that grow", template("{{ ([0] * 10**9)|join('aaaa') }}" + CHATML), "was stopped"),
    Fault("format of a width", template("{{ '%1000000000d' % 1 }}" + CHATML), TRIED),
    Fault(
        "a million characters", template("{{ 'a' * 10**6 }}" + CHATML), "expected at most 100000"
    ),
    Fault("range beyond what is allowed", template("{{ range(10**9)|list }}" + CHATML), FAILS),
    Fault("a class", template("{{ ''.__class__.__mro__[1].__subclasses__() }}" + CHATML), FAILS),
    Fault("a function's globals", template("{{ raise_exception.__globals__ }}" + CHATML), WORKS),
    Fault(
        "globals by attr",
        template("{{ (raise_exception|attr('__globals__'))['os'] }}" + CHATML),
        FAILS,
    ),
    Fault(
        "globals by format",
        template("{{ '{0.__globals__}'.format(raise_exception) }}" + CHATML),
        WORKS,
    ),
    Fault("messages that are changed", template("{{ messages.append(1) }}" + CHATML), FAILS),
    Fault("another file", template("{% include '/etc/passwd' %}" + CHATML), FAILS),
    Fault("an import", template("{% import '/etc/passwd' as p %}" + CHATML), FAILS),
    Fault("a parent", template("{% extends '/etc/passwd' %}" + CHATML), FAILS),
    Fault("a draw", template("{{ [1, 2, 3]|random }}" + CHATML), "asks for chance (random)"),
    Fault(
        "a draw without a name",
        template("{{ [1, 2]|map('random') }}" + CHATML),
        "its chat template",
    ),
    Fault("words by chance", template("{{ lipsum() }}" + CHATML), "asks for chance (lipsum)"),
    Fault("a place in memory", template("{{ messages[0].items }}" + CHATML), "the same text every"),
    Fault("the clock", template("{{ strftime_now('%s') }}" + CHATML), "asks the clock"),
    Fault(
        "the clock, with a space", template("{{ strftime_now ('%H') }}" + CHATML), "asks the clock"
    ),
    Fault(
        "the clock, by another name",
        template("{% set f = strftime_now %}{{ f('%s') }}" + CHATML),
        "asks the clock",
    ),
    Fault("an unknown name", template("{{ nothing }}" + CHATML), WORKS),
    Fault("an attribute of nothing", template("{{ nothing.at_all }}" + CHATML), FAILS),
    Fault("a mistake", template("{% if %}" + CHATML), FAILS),
    Fault("a block without an end", template("{% for m in messages %}"), FAILS),
    Fault("a character that is none", template("{{ § }}"), "its chat template is not one"),
    Fault("a template in Latin-1", template(b"caf\xe9" + CHATML.encode()), READS),
    Fault("a division by zero", template("{{ 1 // 0 }}" + CHATML), FAILS),
    Fault("text plus a number", template("{{ 'a' + 1 }}" + CHATML), FAILS),
    Fault(
        "only a system prompt fails",
        template("{% if messages[0]['role'] == 'system' %}{{ 1 // 0 }}{% endif %}" + CHATML),
        FAILS,
    ),
    Fault(
        "no system prompt",
        template(
            "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no') }}{% endif %}"
            + CHATML
        ),
        WORKS,
    ),
    Fault(
        "only answers fail",
        template(
            "{% for m in messages %}{% if m['role'] == 'assistant' %}"
            "{{ 1 // 0 }}{% endif %}{% endfor %}" + CHATML
        ),
        FAILS,
    ),
    Fault("nothing at all", template(""), "its tokenizer has no chat template"),
    Fault("a template that is a number", entry(7), "its chat template is 7, expected text"),
    Fault("a template that is a map", entry({"default": CHATML}), WORKS),
    Fault("templates by name", entry([{"name": "default", "template": CHATML}]), WORKS),
    Fault("templates without a name", entry([{"template": CHATML}]), READS),
    Fault(
        "a template by name that is a number",
        entry([{"name": "default", "template": 7}]),
        "its chat template is 7",
    ),
    Fault("half a character", entry("\ud800" + CHATML), "its chat template is not one"),
    Fault("a file and an entry", both, WORKS),
]
