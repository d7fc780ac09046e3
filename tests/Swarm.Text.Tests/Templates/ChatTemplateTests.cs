using System.Text;
using Microsoft.Extensions.Time.Testing;
using Swarm.Testing;
using Xunit;

namespace Swarm.Text.Tests.Templates;

/// <summary>What templates render: those of the families, and each thing that they are made of, held to what Jinja2 3.1 gives.</summary>
public sealed class ChatTemplateTests
{
    private static readonly ChatTurn[] _turns = [new("system", " Be brief.\n"), new("user", "Hi"), new("assistant", "Hello!"), new("user", " How are you? ")];

    [Fact]
    public void Render_Qwen25_IsChatMl() => Assert.Equal(
        "<|im_start|>system\n Be brief.\n<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello!<|im_end|>\n"
        + "<|im_start|>user\n How are you? <|im_end|>\n<|im_start|>assistant\n",
        Render(FamilyTemplates.Qwen25, _turns));

    [Fact]
    public void Render_Qwen25WithTools_WritesThemAsJson() => Assert.Equal(
        "<|im_start|>system\nYou are a helpful assistant.\n\n# Tools\n<tools>\n{\"name\": \"say \\\"hé\\\"\", \"count\": 2, \"exact\": 1.5, \"open\": true, \"none\": null}\n</tools><|im_end|>\n"
        + "<|im_start|>user\nHi<|im_end|>\n",
        ChatTemplate.Parse(FamilyTemplates.Qwen25, "qwen").Render([new("user", "Hi")], false, new Dictionary<string, object?>
        {
            ["tools"] = new object[]
            {
                new Dictionary<string, object?> { ["name"] = "say \"hé\"", ["count"] = 2, ["exact"] = 1.5, ["open"] = true, ["none"] = null },
            },
        }));

    [Fact]
    public void Render_Qwen3_LeavesOutEarlierThinking()
    {
        ChatTurn[] turns = [new("user", "a"), new("assistant", "<think>\nwhy\n</think>\n\nb"), new("user", "c"), new("assistant", "<think>\nhow\n</think>\n\nd")];

        Assert.Equal(
            "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n<|im_start|>user\nc<|im_end|>\n"
            + "<|im_start|>assistant\n<think>\nhow\n</think>\n\nd<|im_end|>\n",
            ChatTemplate.Parse(FamilyTemplates.Qwen3, "qwen3").Render(turns, false));
        Assert.Equal(
            "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
            ChatTemplate.Parse(FamilyTemplates.Qwen3, "qwen3").Render(turns[..1], true, new Dictionary<string, object?> { ["enable_thinking"] = false }));
    }

    [Fact]
    public void Render_Llama3_HasHeadersAndTheDate()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 7, 4, 12, 0, 0, TimeSpan.Zero));
        const string Begin = "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nToday Date: ";
        const string Rest = "\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
            + "Hello!<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHow are you?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n";

        Assert.Equal($"{Begin}04 Jul 2026{Rest}", Render(FamilyTemplates.Llama3, _turns, "<|begin_of_text|>", time));
        Assert.Equal($"{Begin}1 May{Rest}", ChatTemplate.Parse(FamilyTemplates.Llama3, "llama", time).Render(
            _turns, true, new Dictionary<string, object?> { ["bos_token"] = "<|begin_of_text|>", ["date_string"] = "1 May" }));
    }

    [Fact]
    public void Render_Mistral_PutsTheSystemsTextIntoTheLastTurn()
    {
        Assert.Equal("<s>[INST] Hi[/INST] Hello!</s>[INST]  Be brief.\n\n\n How are you? [/INST]", Render(FamilyTemplates.Mistral, _turns, "<s>"));

        var refusal = Assert.Throws<TextFormatException>(() => Render(FamilyTemplates.Mistral, [.. _turns, new("user", "again")], "<s>"));
        Assert.Equal("test, line 10, column 13: the template refuses the conversation: roles must alternate.", refusal.Message);
    }

    [Fact]
    public void Render_Gemma3_PutsTheSystemsTextIntoTheFirstTurn() => Assert.Equal(
        "<bos><start_of_turn>user\n Be brief.\n\n\nHi<end_of_turn>\n<start_of_turn>model\nHello!<end_of_turn>\n"
        + "<start_of_turn>user\nHow are you?<end_of_turn>\n<start_of_turn>model\n",
        Render(FamilyTemplates.Gemma3, _turns, "<bos>"));

    [Theory]
    [InlineData("{{ 1 + 2 * 3 ** 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** -1 }}", "19 3 -4 2 3.5 0.5")]
    [InlineData("{{ 1.0 }} {{ 0.1 + 0.2 }} {{ 1e16 }} {{ 0.00001 }} {{ 123456789.0 * 1000 }}", "1.0 0.30000000000000004 1e+16 1e-05 123456789000.0")]
    [InlineData("{{ none }} {{ true }} {{ [1, 'a', none] }} {{ (1,) }} {{ {'a': 1} }} {{ nothing }}", "None True [1, 'a', None] (1,) {'a': 1} ")]
    [InlineData("{{ \"it's\" }} {{ [\"it's\", 'say \"x\"', 'a\\nb'] }}", "it's [\"it's\", 'say \"x\"', 'a\\nb']")]
    [InlineData("{{ 'b' in 'abc' }} {{ 4 not in [1, 2] }} {{ 1 < 2 < 3 }} {{ 1 == 1.0 }} {{ '1' == 1 }} {{ not '' }}", "True True True True False True")]
    [InlineData("{{ 'a' ~ 1 ~ none }} {{ 'ab' * 2 }} {{ [1] + [2] }} {{ '' or 'x' }} {{ 0 and 1 }}", "a1None abab [1, 2] x 0")]
    [InlineData("{{ 1 if false }}|{{ 1 if true else 2 if true else 3 }}", "|1")]
    [InlineData("{{ 'abcd'[1:3] }} {{ 'abc'[-1] }} {{ [1, 2, 3][::-1] }} {{ 'abc'[::-1] }} {{ [1, 2, 3][:-1] }} {{ [1][5] }}", "bc c [3, 2, 1] cba [1, 2] ")]
    [InlineData("{{ '🙂b'|length }} {{ '🙂b'[0] }} {{ '🙂b'[1:] }} {{ '🙂b'[::-1] }}", "2 🙂 b b🙂")]
    [InlineData("{{ ' x '|trim }}{{ 'a'|upper }}{{ 'B'|lower }} {{ 'hello wORLD'|title }} {{ 'aB'|capitalize }}", "xAb Hello World Ab")]
    [InlineData("{{ [3, 1]|join('-') }} {{ 'ab'|list }} {{ [1, 2]|first }} {{ [1, 2]|last }} {{ [1, 2]|reverse|list }}", "3-1 ['a', 'b'] 1 2 [2, 1]")]
    [InlineData("{{ nothing|default('d') }} {{ ''|default('d', true) }} {{ none|default('d') }}", "d d None")]
    [InlineData("{{ '3.7'|int }} {{ 'x'|int(5) }} {{ '2.5'|float }} {{ -3|abs }} {{ 1|string + 'a' }}", "3 5 2.5 3 1a")]
    [InlineData("{{ messages|selectattr('role', 'equalto', 'user')|map(attribute='content')|list }}", "['Hi', ' How are you? ']")]
    [InlineData("{{ messages|rejectattr('role', '==', 'user')|map(attribute='role')|map('upper')|join('/') }}", "SYSTEM/ASSISTANT")]
    [InlineData("{{ [1, 2, 3]|select('odd')|list }} {{ [1, 2, 3]|reject('odd')|list }}", "[1, 3] [2]")]
    [InlineData("{{ 'a\\nb'|indent(2) }}|{{ 'a\\n\\nb'|indent(1, true) }}", "a\n  b| a\n\n b")]
    [InlineData("{{ {'a': [1, {'b': 'x\\u00e9\"'}]}|tojson }}", "{\"a\": [1, {\"b\": \"xé\\\"\"}]}")]
    [InlineData("{{ {'a': [1]}|tojson(indent=2) }}", "{\n  \"a\": [\n    1\n  ]\n}")]
    [InlineData("{{ 'a-b-c'.split('-', 1) }} {{ 'a-b-c'.rsplit('-', 1) }} {{ ' a  b '.split() }}", "['a', 'b-c'] ['a-b', 'c'] ['a', 'b']")]
    [InlineData("{{ 'xxaxx'.strip('x') }} {{ 'abc'.startswith('ab') }} {{ 'abc'.endswith(('x', 'bc')) }} {{ 'aaa'.replace('a', 'b', 2) }}", "a True True bba")]
    [InlineData("{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }}{{ ',' if not loop.last }}{% endfor %}", "a=1,b=2")]
    [InlineData("{{ {'a': 1}.get('b', 4) }} {{ {'a': 1}.get('b') }} {{ {'a': 1}.keys()|list }} {{ dict(a=1)['a'] }} {{ range(1, 7, 2)|list }}", "4 None ['a'] 1 [1, 3, 5]")]
    [InlineData("{% for x in [1, 2, 3, 4] if x != 2 %}{{ loop.index }}:{{ x }}/{{ loop.length }}/{{ loop.revindex0 }} {% else %}none{% endfor %}", "1:1/3/2 2:3/3/1 3:4/3/0 ")]
    [InlineData("{% for x in range(9) %}{% if x == 1 %}{% continue %}{% elif x == 4 %}{% break %}{% endif %}{{ x }}{% endfor %}", "023")]
    [InlineData("{% for x in [1, 2] %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {% endfor %}{% for x in [] %}{% else %}none{% endfor %}", "<1>2 1<2> none")]
    [InlineData("{% set ns = namespace(n=0) %}{% set m = 0 %}{% for x in [1, 2] %}{% set ns.n = ns.n + x %}{% set m = x %}{% endfor %}{{ ns.n }} {{ m }}", "3 0")]
    [InlineData("{% set a, b = 1, 2 %}{% set t %}<{{ a }}>{% endset %}{{ t }}{{ b }}", "<1>2")]
    [InlineData("{% macro f(a, b='z', c=none) %}<{{ a }}{{ b }}{{ c }}>{% endmacro %}{{ f(1) }}{{ f(1, c=3)|upper }}", "<1zNone><1Z3>")]
    [InlineData("{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}", "3210")]
    [InlineData("{{ 1 is number and 'a' is string and {} is mapping and [] is iterable and none is none and 3 is odd and 4 is divisibleby 2 }}", "True")]
    [InlineData("{{ nothing is not defined or nothing }} {{ 1 is in [1] }} {{ 'a' is not eq 'b' }} {{ 1 is true }}", "True True True False")]
    [InlineData("a\n  {% if true %}\n  b\n  {% endif %}\nc", "a\n  b\nc")]
    [InlineData("a\n  {%- if true -%}\n  b\n  {%- endif %}\nc", "abc")]
    [InlineData("  {%+ if true +%}\nb{% endif %} {# note #}\nc{{ 1 }}\n\n", "  \nb c1\n")]
    [InlineData("a\r\nb\rc{% generation %} x{% endgeneration %}", "a\nb\nc x")]
    [InlineData("{{ '}}' }}{{ {'a': {'b': 1}}['a']['b'] }}{{ 'a' 'b' }}{{ '\\x41\\u00e9\\t' }}", "}}1abAé\t")]
    public void Render_EachPart_GivesWhatJinjaGives(string template, string expected) => Assert.Equal(expected, ChatTemplate.Parse(template, "test").Render(_turns, false));

    [Theory]
    [InlineData("a\n {% include 'x' %}", "line 2, column 5: the statement 'include' is not supported")]
    [InlineData("{% import 'os' as os %}", "the statement 'import' is not supported")]
    [InlineData("{{ x|sort }}", "the filter 'sort' is not supported; abs, capitalize")]
    [InlineData("{{ x is sameas y }}", "the test 'sameas' is not supported")]
    [InlineData("{{ x.format(1) }}", "the method 'format' is not supported")]
    [InlineData("{{ ''.__class__.__mro__() }}", "the method '__mro__' is not supported")]
    [InlineData("{{ open('/etc/passwd') }}", "the function 'open' is not supported")]
    [InlineData("{{ loop.depth }}", "'loop.depth' is not supported")]
    [InlineData("{{ [1]|map('evil') }}", "the filter 'evil' is not supported")]
    [InlineData("{{ [1]|select('evil') }}", "the test 'evil' is not supported")]
    [InlineData("{{ [1]|selectattr('a', x) }}", "needs the name of a test in quotes")]
    [InlineData("{{ f(*args) }}", "arguments with '*' are not supported")]
    [InlineData("{% for x in y recursive %}{% endfor %}", "'recursive' is not supported")]
    [InlineData("{% macro f() %}{{ caller() }}{% endmacro %}", "'caller' is not supported")]
    [InlineData("{% if x %}", "'if' has no end 'endif'")]
    [InlineData("{% endif %}", "the statement 'endif' is not supported")]
    [InlineData("{% break %}", "'break' stands outside of a loop")]
    [InlineData("{{ 1 + }}", "'}}' is where a value is needed")]
    [InlineData("{{ (1 }}", "closes nothing")]
    [InlineData("{{ 'a }}", "the text has no end '")]
    [InlineData("{{ 1 ? 2 }}", "'?' is not expected")]
    [InlineData("{# a", "the comment has no end")]
    [InlineData("{{ a", "the tag has no end '}}'")]
    [InlineData("{{ 99999999999999999999 }}", "beyond 64 bits")]
    public void Parse_WhatIsNotSupported_IsRefusedWithItsPlace(string template, string named)
    {
        var message = Assert.Throws<TextFormatException>(() => ChatTemplate.Parse(template, "model/chat_template.jinja")).Message;

        Assert.StartsWith("model/chat_template.jinja, line ", message, StringComparison.Ordinal);
        Assert.Contains(named, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ nothing.x }}", "'nothing' is undefined, so it has no 'x'")]
    [InlineData("{{ 'a' + 1 }}", "'+' is not supported for a text and a number")]
    [InlineData("{{ [1] < 2 }}", "cannot be compared")]
    [InlineData("{{ 1 // 0 }}", "no result")]
    [InlineData("{{ 2 ** 100 }}", "beyond 64 bits")]
    [InlineData("{% for x in none %}{% endfor %}", "none has no elements")]
    [InlineData("{{ messages|tojson(indent='x') }}", "'indent'")]
    [InlineData("{{ strftime_now('%Q') }}", "'%Q'")]
    [InlineData("{% set messages.x = 1 %}", "'messages' is no namespace")]
    [InlineData("{{ range(10 ** 9) }}", "'range' has 1000000000 elements")]
    public void Render_WhatFails_IsAnErrorWithItsPlace(string template, string named) => Assert.Contains(
        named, Assert.Throws<TextFormatException>(() => ChatTemplate.Parse(template, "test").Render(_turns, false)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}{% endfor %}{% endfor %}{% endfor %}")]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}")]
    [InlineData("{% macro f(x) %}{{ f([[[[[[[[[[x]]]]]]]]]])|upper|lower|trim }}{% endmacro %}{{ f(1) }}")]
    [InlineData("{% set ns = namespace(t='aaaaaaaaaaaaaaaa') %}{% for a in range(99) %}{% set ns.t = ns.t + ns.t %}{% endfor %}")]
    [InlineData("{% set ns = namespace(t=[1]) %}{% for a in range(99) %}{% set ns.t = ns.t + ns.t %}{% endfor %}")]
    [InlineData("{% set ns = namespace(t=[1]) %}{% for a in range(99) %}{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.t }}")]
    [InlineData("{% set ns = namespace(t=[1]) %}{% for a in range(9999) %}{% set ns.t = [ns.t] %}{% endfor %}{{ ns.t == ns.t }}{{ ns.t|tojson }}")]
    [InlineData("{% for a in range(99999) %}{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' }}{% endfor %}")]
    [InlineData("{{ 'a' * 999999999 }}")]
    [InlineData("{% set a = 'ab' * 4000000 %}{% for i in range(99999) %}{{ a.replace('a', 'b')|length }}{{ a[1:] == a[:-1] }}{% endfor %}")]
    public void Render_WithoutEnd_IsStopped(string template)
    {
        var exception = Assert.Throws<TextFormatException>(() => ChatTemplate.Parse(template, "test").Render(_turns, false));

        Assert.StartsWith("test", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("-", "")]
    [InlineData("not ", "")]
    [InlineData("1 if ", "")]
    [InlineData("1 + ", "")]
    [InlineData("", ".a")]
    [InlineData("", "|upper")]
    public void Parse_NestedDeep_IsRefused(string before, string behind)
    {
        var text = $"{{{{ {string.Concat(Enumerable.Repeat(before, 50_000))}x{string.Concat(Enumerable.Repeat(behind, 50_000))} }}}}";
        var blocks = string.Concat(Enumerable.Repeat("{% if x %}", 50_000));

        Assert.Throws<TextFormatException>(() => ChatTemplate.Parse(text, "test"));
        Assert.Throws<TextFormatException>(() => ChatTemplate.Parse(blocks, "test"));
    }

    [Fact]
    public void Parse_RandomText_ParsesOrIsRefused()
    {
        string[] parts = [.. "{{ }} {% %} {# #} {%- -%} if for set in else endif endfor macro x messages loop . | ( ) [ ] { } , : = == + - * ' \" \\ \n 1 2.5 a~b not is trim tojson none".Split(' '), " "];
        var random = new SeededTest().Random;
        for (var index = 0; index < 3000; index++)
        {
            var text = new StringBuilder();
            for (var count = random.Next(30); count > 0; count--)
            {
                text.Append(parts[random.Next(parts.Length)]).Append(random.Next(3) == 0 ? " " : "");
            }

            try
            {
                _ = ChatTemplate.Parse(text.ToString(), "test").Render(_turns, true);
            }
            catch (TextFormatException)
            {
                // Nothing else may come.
            }
        }
    }

    [Fact]
    public void Render_VariablesThatAreNotSupported_AreRefused()
    {
        var template = ChatTemplate.Parse("x", "test");

        Assert.Throws<ArgumentException>(() => template.Render(_turns, false, new Dictionary<string, object?> { ["messages"] = "x" }));
        Assert.Throws<ArgumentException>(() => template.Render(_turns, false, new Dictionary<string, object?> { ["x"] = new object() }));
    }

    private static string Render(string template, ChatTurn[] turns, string begin = "", TimeProvider? time = null) => ChatTemplate.Parse(template, "test", time)
        .Render(turns, true, new Dictionary<string, object?> { ["bos_token"] = begin, ["eos_token"] = "</s>" });
}
