using System.Linq;
using System.Text;
using System.Threading.Tasks;
using SafeStore.Cli.Apply;
using Xunit;

namespace SafeStore.Cli.Tests;

public sealed class TransactionParserTests
{
    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("1 2")]
    [InlineData("""{"sandbox":"a"}""")]
    [InlineData("""{"ops":[]}""")]
    [InlineData("""{"sandbox":"a","ops":[],"extra":1}""")]
    [InlineData("""{"sandbox":"a","sandbox":"a","ops":[]}""")]
    [InlineData("""{"sandbox":"a","ops":[]} {}""")]
    [InlineData("""{"sandbox":"a","ops":[],}""")]
    [InlineData("""{"sandbox":1,"ops":[]}""")]
    [InlineData("""{"sandbox":"a","ops":{}}""")]
    [InlineData("""{"sandbox":"a","ops":[1]}""")]
    [InlineData("""{"sandbox":"a","ops":[{}]}""")]
    [InlineData("""{"sandbox":"a","ops":[{"put":"x"}]}""")]
    [InlineData("""{"sandbox":"a","ops":[{"value":1}]}""")]
    [InlineData("""{"sandbox":"a","ops":[{"put":"x","delete":"y","value":1}]}""")]
    [InlineData("""{"sandbox":"a","ops":[{"put":"x","value":1,"root":"other"}]}""")]
    [InlineData("""{"sandbox":"a","ops":[{"delete":"x","value":1}]}""")]
    [InlineData("""{"sandbox":"a","ops":[{"createContainer":"c","root":"run"}]}""")]
    [InlineData("""{"sandbox":"a","ops":[{"createSandbox":false}]}""")]
    [InlineData("""{"sandbox":"a","ops":[{"createSandbox":true},{"createSandbox":true}]}""")]
    [InlineData("""{"sandbox":"a","ops":[{"frob":1}]}""")]
    [InlineData("""{"sandbox":"a","require":-1,"ops":[]}""")]
    [InlineData("""{"sandbox":"a","require":1.5,"ops":[]}""")]
    [InlineData("""{"sandbox":"\ud800","ops":[]}""")]
    [InlineData("""{"sandboxes":[]}""")]
    [InlineData("""{"sandboxes":[],"require":1}""")]
    [InlineData("""{"sandbox":"a","sandboxes":[{"sandbox":"a","ops":[]}],"ops":[]}""")]
    [InlineData("""{"sandboxes":[{"sandbox":"a","ops":[]},{"sandbox":"a","ops":[]}]}""")]
    public void A_line_that_is_no_transaction_is_refused(string line) =>
        Assert.Throws<BadRequestException>(() => TransactionParser.Parse(Encoding.UTF8.GetBytes(line)));

    /// <summary>A second is enough; with a look at each sandbox before it, it was half an hour.</summary>
    [Fact(Timeout = 120_000)]
    public async Task A_transaction_over_very_many_sandboxes_is_read_in_time()
    {
        string line =
            "{\"sandboxes\":["
            + string.Join(',', Enumerable.Range(0, 300_000).Select(static i => $"{{\"sandbox\":\"a-sandbox-{i}\",\"ops\":[]}}"))
            + "]}";

        int count = await Task.Run(
            () => TransactionParser.Parse(Encoding.UTF8.GetBytes(line)).Sandboxes.Count, TestContext.Current.CancellationToken);

        Assert.Equal(300_000, count);
    }

    [Fact]
    public void Root_and_container_default_to_run_and_none()
    {
        TransactionRequest request = TransactionParser.Parse("""{"sandbox":"a","ops":[{"put":"x","value":{ }}]}"""u8.ToArray());

        SandboxRequest sandbox = Assert.Single(request.Sandboxes);
        PutOperation put = Assert.IsType<PutOperation>(Assert.Single(sandbox.Operations));
        Assert.Equal((StoreRoot.Run, null, "x"), (put.Root, put.Container, put.File));
        Assert.Equal("{ }", Encoding.UTF8.GetString(put.Value.Span));
        Assert.False(sandbox.IsNew);
        Assert.Null(sandbox.Required);
    }

    [Fact]
    public void A_value_of_the_greatest_depth_passes()
    {
        string value = string.Concat(Enumerable.Repeat("[", 64)) + string.Concat(Enumerable.Repeat("]", 64));
        TransactionRequest request =
            TransactionParser.Parse(Encoding.UTF8.GetBytes($$"""{"sandboxes":[{"sandbox":"a","ops":[{"put":"x","value":{{value}}}]}]}"""));

        Assert.Equal(value, Encoding.UTF8.GetString(Assert.IsType<PutOperation>(request.Sandboxes[0].Operations[0]).Value.Span));
    }
}
