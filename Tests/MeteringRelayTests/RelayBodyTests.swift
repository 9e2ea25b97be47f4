import Accounting
import JSONBytes
import MeteringRelay
import Pricing
import ProviderUsage
import Testing

/// What a relay reads off a request, and the one thing that it adds to it.
struct RelayBodyTests {
    private func read(_ text: String, _ api: StreamAPI = .openAIChat) throws -> RelayBody {
        try Array(text.utf8).withUnsafeBufferPointer { try RelayBody($0, api) }
    }

    private func asking(_ text: String) throws -> String {
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBufferPointer {
            String(decoding: try RelayBody($0, .openAIChat).askingForUsage($0), as: UTF8.self)
        }
    }

    struct Patch: Sendable, CustomTestStringConvertible {
        let body: String
        let asked: String
        var testDescription: String { body }
    }

    /// All else of the body stays where it is, byte for byte.
    @Test(arguments: [
        Patch(
            body: #"{"stream":true,"model":"m"}"#,
            asked: #"{"stream_options":{"include_usage":true},"stream":true,"model":"m"}"#),
        Patch(
            body: "  {\n  \"stream\" : true }\n",
            asked: "  {\"stream_options\":{\"include_usage\":true},\n  \"stream\" : true }\n"),
        Patch(
            body: #"{"stream":true,"stream_options":{}}"#,
            asked: #"{"stream":true,"stream_options":{"include_usage":true}}"#),
        Patch(
            body: #"{"stream":true,"stream_options": { "x":1}}"#,
            asked: #"{"stream":true,"stream_options": {"include_usage":true, "x":1}}"#),
        Patch(
            body: #"{"stream":true,"stream_options":{"a":[1],"include_usage": false , "b":{}}}"#,
            asked: #"{"stream":true,"stream_options":{"a":[1],"include_usage": true , "b":{}}}"#),
        Patch(
            body: #"{"stream":true,"stream_options":{"include_usage":null}}"#,
            asked: #"{"stream":true,"stream_options":{"include_usage":true}}"#),
        Patch(
            body: #"{"stream_options":null,"stream":true}"#,
            asked: #"{"stream_options":{"include_usage":true},"stream":true}"#),
    ]) func asksForUsageInPlace(patch: Patch) throws {
        let body = try read(patch.body)
        #expect(body.lacksUsage)
        #expect(try asking(patch.body) == patch.asked)
        #expect(!(try read(patch.asked).lacksUsage))
    }

    @Test(arguments: [
        #"{"stream":true,"stream_options":{"include_usage":true}}"#, #"{"stream":false}"#, #"{}"#,
        #"{"stream":null}"#,
    ]) func hasNothingToAskFor(body: String) throws {
        #expect(!(try read(body).lacksUsage))
    }

    /// The other APIs tell their usage unasked.
    @Test func asksOnlyWhereItHasToBeAsked() throws {
        for api in [StreamAPI.openAIResponses, .anthropicMessages, .gemini] {
            #expect(!(try read(#"{"stream":true}"#, api).lacksUsage))
        }
    }

    @Test func whatIsSaidTwiceIsRefused() {
        for body in [
            #"{"model":"a","model":"b"}"#, #"{"max_tokens":1,"max_tokens":1000000}"#,
            #"{"stream":true,"stream":false}"#,
            #"{"stream_options":{"include_usage":true,"include_usage":false}}"#,
            #"{"stream_options":{"include_usage":true},"stream_options":null}"#,
            #"{"model":"b","m\u006fdel":"a"}"#, "[]", "", "{", #"{"a":1} {"b":2}"#,
        ] {
            #expect(throws: JSONError.self, "\(body)") { try read(body) }
        }
    }

    /// A name is the same however it is written.
    @Test func readsNamesWithEscapes() throws {
        let body = try read(#"{"m\u006fdel":"a","gr\u00f6\u00dfe":1,"str\u0065am":true}"#)
        #expect(body.model == "a")
        #expect(body.isStreamed)
    }

    /// What is nobody's business may be as strange as it likes.
    @Test func passesOverConversations() throws {
        let body = try read(
            #"{"messages":[{"role":"user","\u0063ontent":"x","a":1e400}],"model":"m","max_tokens":7}"#
        )
        #expect(body.model == "m")
        #expect(body.bound.maximumOutput == 7)
    }

    @Test func readsHowLargeAnAnswerMayBecome() throws {
        #expect(try read(#"{"max_tokens":5,"max_completion_tokens":9}"#).bound.maximumOutput == 9)
        #expect(try read(#"{"max_output_tokens":5}"#, .openAIResponses).bound.maximumOutput == 5)
        #expect(try read(#"{"max_tokens":5}"#, .anthropicMessages).bound.maximumOutput == 5)
        let gemini = try read(
            #"{"generationConfig":{"maxOutputTokens":50,"candidateCount":3}}"#, .gemini)
        #expect(gemini.bound.maximumOutput == 50)
        #expect(gemini.bound.answers == 3)
        #expect(try read(#"{"n":4}"#).bound.answers == 4)
        #expect(try read(#"{"n":-4}"#).bound.answers == 1)
        #expect(try read("{}").bound.maximumOutput == nil)
        #expect(try read(#"{"model":"m"}"#).bound.inputBytes == 13)
    }

    // MARK: What makes it cost more

    private func bound(_ text: String, _ api: StreamAPI = .openAIChat) -> RequestBound {
        var reader = BoundReader(RequestBound(), api)
        Array(text.utf8).withUnsafeBufferPointer { reader.read($0) }
        return reader.bound
    }

    /// A limit of another API limits nothing, though somebody writes it.
    @Test(arguments: [
        (StreamAPI.openAIChat, #"{"max_output_tokens":1}"#),
        (.openAIChat, #"{"generationConfig":{"maxOutputTokens":1}}"#),
        (.openAIResponses, #"{"max_tokens":1,"max_completion_tokens":1}"#),
        (.anthropicMessages, #"{"max_output_tokens":1,"max_completion_tokens":1}"#),
        (.gemini, #"{"max_tokens":1,"max_output_tokens":1}"#),
    ]) func anotherLimitLimitsNothing(api: StreamAPI, body: String) throws {
        #expect(try read(body, api).bound.maximumOutput == nil)
    }

    @Test func countsPictures() {
        let bound = bound(
            #"{"messages":[{"content":[{"type":"image_url","image_url":{"url":"u"}},{"type":"text"}]},{"content":[{"type":"image"},{"image_url":"u"}]}]}"#
        )
        #expect(bound.images == 3)
        #expect(bound.unbounded == nil)
        #expect(bound.countedApart.isEmpty)
    }

    struct Part: Sendable, CustomTestStringConvertible {
        let body: String
        var api = StreamAPI.openAIChat
        var apart: Set<Meter> = []
        var images: Int64 = 0
        var isBounded = true
        var testDescription: String { body }
    }

    /// What a vendor counts apart wants a rate of its own; what tells no size has no bound.
    @Test(arguments: [
        Part(
            body:
                #"{"messages":[{"content":[{"type":"input_audio","input_audio":{"data":"x"}}]}]}"#,
            apart: [.audioInput]),
        Part(
            body: #"{"modalities":["text","audio"],"audio":{"voice":"v"}}"#, apart: [.audioOutput]),
        Part(body: #"{"modalities":["text"],"messages":[{"audio":null}]}"#),
        Part(body: #"{"messages":[{"role":"assistant","audio":{"id":"a"}}]}"#, isBounded: false),
        Part(body: #"{"modalities":["smell"]}"#, isBounded: false),
        Part(
            body: #"{"contents":[{"parts":[{"text":"x","inlineData":null}]}]}"#, api: .gemini),
        Part(body: #"{"modalities":"audio"}"#, isBounded: false),
        Part(
            body: #"{"contents":[{"parts":[{"inlineData":{"data":"x","mimeType":"image/png"}}]}]}"#,
            api: .gemini, apart: [.imageInput], images: 1),
        Part(
            body:
                #"{"contents":[{"parts":[{"inline_data":{"mime_type":"Audio/MP3","data":"x"}}]}]}"#,
            api: .gemini, apart: [.audioInput]),
        Part(
            body:
                #"{"contents":[{"parts":[{"inlineData":{"mimeType":"text/plain","data":"x"}}]}]}"#,
            api: .gemini),
        Part(
            body:
                #"{"contents":[{"parts":[{"inlineData":{"mimeType":"application/pdf","data":"x"}}]}]}"#,
            api: .gemini, isBounded: false),
        Part(
            body: #"{"contents":[{"parts":[{"inlineData":{"mimeType":"video/mp4","data":"x"}}]}]}"#,
            api: .gemini, isBounded: false),
        Part(
            body: #"{"contents":[{"parts":[{"inlineData":{"data":"x"}}]}]}"#, api: .gemini,
            isBounded: false),
        Part(
            body:
                #"{"contents":[{"parts":[{"inlineData":{"mimeType":"image/png","mime_type":"video/mp4"}}]}]}"#,
            api: .gemini, isBounded: false),
        Part(
            body: #"{"contents":[],"generationConfig":{"responseModalities":["TEXT","IMAGE"]}}"#,
            api: .gemini, apart: [.imageOutput]),
    ]) func partsOfOtherKindsAreToldApart(part: Part) {
        let bound = bound(part.body, part.api)
        #expect((bound.unbounded == nil) == part.isBounded, "\(bound.unbounded ?? "bounded")")
        guard part.isBounded else { return }
        #expect(bound.countedApart == part.apart)
        #expect(bound.images == part.images)
    }

    /// Requests as people write them are bounded.
    @Test(arguments: [
        (
            StreamAPI.openAIChat,
            #"{"model":"m","messages":[{"role":"user","content":"x"}],"max_completion_tokens":5,"stream":true,"stream_options":{"include_usage":true},"temperature":0.5,"response_format":{"type":"json_object"},"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"auto","reasoning_effort":"low"}"#
        ),
        (
            .openAIResponses,
            #"{"model":"m","input":"x","max_output_tokens":5,"tools":[{"type":"function","name":"f","parameters":{}}],"text":{"format":{"type":"text"}},"reasoning":{"effort":"low"}}"#
        ),
        (
            .anthropicMessages,
            #"{"model":"m","max_tokens":5,"system":"s","messages":[],"tools":[{"name":"f","input_schema":{"type":"object"}}],"thinking":{"type":"enabled","budget_tokens":3}}"#
        ),
        (
            .gemini,
            #"{"contents":[{"parts":[{"text":"x"}]}],"tools":[{"functionDeclarations":[{"name":"f"}]}],"generationConfig":{"maxOutputTokens":5},"safetySettings":[]}"#
        ),
        // Names in schemas and in what tools are called with are nobody's parts.
        (
            .openAIResponses,
            #"{"model":"m","max_output_tokens":5,"background":false,"text":{"format":{"type":"json_schema","schema":{"properties":{"prompt":{"type":"string"},"file_id":{"type":"file"}}}}},"tools":[{"type":"local_shell"}],"input":[{"role":"user","content":"x"},{"type":"function_call","call_id":"c","arguments":"{}"}]}"#
        ),
        (
            .anthropicMessages,
            #"{"model":"m","max_tokens":5,"tools":[{"type":"bash_20250124","name":"bash"}],"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{"prompt":"a cat","type":"file"}}]}]}"#
        ),
        (
            .gemini,
            #"{"contents":[{"parts":[{"functionResponse":{"name":"f","response":{"prompt":"x"}}}]}],"generationConfig":{"responseJsonSchema":{"properties":{"prompt":{}}}}}"#
        ),
    ]) func plainRequestsAreBounded(api: StreamAPI, body: String) {
        #expect(bound(body, api).unbounded == nil)
    }

    @Test(arguments: [
        (StreamAPI.gemini, #"{"tools":[{"fileSearch":{}}]}"#),
        (.gemini, #"{"tools":[{"functionDeclarations":[],"enterpriseWebSearch":{}}]}"#),
        (.gemini, #"{"tools":[{"googleSearch":{}}]}"#),
        (.openAIChat, #"{"tools":[{"googleSearch":{}}]}"#),
        (.openAIChat, #"{"search_parameters":{"mode":"on"}}"#),
        (.openAIChat, #"{"plugins":[{"id":"web"}]}"#), (.openAIChat, #"{"models":["dear"]}"#),
        (.openAIResponses, #"{"tools":[{"type":"x_search"}]}"#),
        (.openAIResponses, #"{"tools":[{"type":"code_interpreter"}]}"#),
        (.anthropicMessages, #"{"speed":"fast"}"#), (.openAIResponses, #"{"background":true}"#),
        (.openAIResponses, #"{"input":[{"id":"msg_abc"}]}"#),
        (.openAIResponses, #"{"input":[{"type":"reasoning","id":"rs_1","summary":[]}]}"#),
        (.openAIResponses, #"{"tools":[{"type":"web_search","type":"function"}]}"#),
        (.anthropicMessages, #"{"tools":[{"type":"web_search_20250305","name":"web_search"}]}"#),
        (.anthropicMessages, #"{"tools":{"type":"custom"}}"#),
    ]) func whatNobodyKnowsHasNoBound(api: StreamAPI, body: String) {
        #expect(bound(body, api).unbounded != nil)
    }

    @Test func aToolOfTheClientIsNoToolOfTheVendor() {
        let bound = bound(
            #"{"tools":[{"type":"function","function":{"name":"web_search","parameters":{"type":"object","properties":{"type":{"type":"file"},"conversation":{"type":"string"}}}}}]}"#
        )
        #expect(bound.unbounded == nil)
    }

    @Test(arguments: [
        #"{"tools":[{"type":"web_search_20250305"}]}"#, #"{"tools":[{"googleSearch":{}}]}"#,
        #"{"previous_response_id":"r"}"#, #"{"a":{"b":[{"type":"input_file"}]}}"#,
        #"{"contents":[{"parts":[{"fileData":{"fileUri":"u"}}]}]}"#, #"{"x":{"t\u0079pe":"file"}}"#,
        #"{"cachedContent":"c"}"#, "{",
    ]) func whatTheBodyDoesNotTellHasNoBound(body: String) {
        #expect(bound(body).unbounded != nil)
    }

    /// There are servers that take it for no limit at all.
    @Test(arguments: [
        #"{"model":"m","max_tokens":-1}"#,
        #"{"model":"m","max_completion_tokens":-1000000,"max_tokens":5}"#,
        #"{"model":"m","max_tokens":0}"#,
    ]) func aLimitBelowOneIsNoBound(body: String) throws {
        #expect(try read(body).bound.unbounded != nil)
        #expect(
            try read(#"{"generationConfig":{"maxOutputTokens":-1}}"#, .gemini).bound.unbounded
                != nil)
    }

    @Test func whatIsLeftOutIsNoReference() {
        #expect(bound(#"{"previous_response_id":null,"conversation":null}"#).unbounded == nil)
    }
}
