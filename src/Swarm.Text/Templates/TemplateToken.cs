namespace Swarm.Text.Templates;

/// <summary>What a token of a template is.</summary>
internal enum TemplateTokenKind
{
    /// <summary>Text outside of tags.</summary>
    Data,

    /// <summary><c>{{</c>.</summary>
    ExpressionBegin,

    /// <summary><c>}}</c>.</summary>
    ExpressionEnd,

    /// <summary><c>{%</c>.</summary>
    StatementBegin,

    /// <summary><c>%}</c>.</summary>
    StatementEnd,

    /// <summary>A name or a keyword.</summary>
    Name,

    /// <summary>A text in quotes; the token has what it stands for.</summary>
    Text,

    /// <summary>An integer.</summary>
    Integer,

    /// <summary>A number with a fraction or an exponent.</summary>
    Real,

    /// <summary>An operator or a bracket.</summary>
    Operator,

    /// <summary>Behind all others.</summary>
    End,
}

/// <summary>A token of a template.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text.</param>
/// <param name="Offset">Where it is.</param>
internal readonly record struct TemplateToken(TemplateTokenKind Kind, string Text, int Offset);
