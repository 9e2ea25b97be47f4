import Foundation
import JSONBytes
import Pricing
import ProviderUsage
import Testing

/// One stream of each shape, worked out by hand, and what vendors do wrong.
struct UsageReaderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let file: String
        let api: StreamAPI
        let model: String?
        let finish: String
        let usage: Usage
        var testDescription: String { file }

        init(
            _ file: String, _ api: StreamAPI, _ model: String?, _ finish: String,
            _ usage: KeyValuePairs<Meter, Int64>
        ) {
            self.file = file
            self.api = api
            self.model = model
            self.finish = finish
            self.usage = (try? Usage(usage)) ?? Usage()
        }
    }

    static let cases = [
        // 1,200 prompt tokens, 1,024 of them cached.
        Case(
            "openai-chat.sse", .openAIChat, "gpt-4.1-2025-04-14", "stop",
            [.input: 176, .cachedInput: 1024, .output: 8]),
        // The search stands among the output alone; reasoning is inside the 40 output tokens.
        Case(
            "openai-responses.sse", .openAIResponses, "gpt-5-mini-2025-08-07", "completed",
            [.input: 44, .cachedInput: 256, .output: 8, .reasoning: 32, .webSearch: 1]),
        // What the cache served and took stands beside the 20; the start's output was a placeholder.
        Case(
            "anthropic-messages.sse", .anthropicMessages, "claude-sonnet-4-5-20250929", "end_turn",
            [.input: 20, .cachedInput: 1000, .cacheWrite5m: 100, .cacheWrite1h: 200, .output: 9]),
        // 50 and 12 for tools go in, 30 of them cached; 7 and 40 thoughts come out.
        Case(
            "gemini.sse", .gemini, "gemini-2.5-flash", "STOP",
            [.input: 32, .cachedInput: 30, .output: 7, .reasoning: 40]),
        Case(
            "gemini-array.json", .gemini, "gemini-2.5-flash", "STOP", [.input: 4, .output: 5]),
        Case("ollama.ndjson", .ollama, "llama3", "stop", [.input: 11, .output: 3]),
        Case("cohere-v2.sse", .cohereV2, nil, "COMPLETE", [.input: 71, .output: 8]),
        Case("websocket-chat.ndjson", .webSocketChat, nil, "stop", [.input: 10, .output: 6]),
    ]

    static func bytes(_ file: String) throws -> [UInt8] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fixtures/streams")
        return Array(try Data(contentsOf: folder.appending(path: file)))
    }

    static func read(_ text: String, isCut: Bool = false) -> UsageReading {
        var reader = UsageReader()
        reader.read(text.utf8)
        return reader.finish(isCut: isCut)
    }

    /// The article's messages name no model; whoever asked knows it.
    @Test func anEstimateIsOfTheModelThatWasAsked() {
        let message = #"{"type":"stream","delta":{"content":"some text of an answer"}}"# + "\n"
        func method(_ asked: String?, _ text: String) -> String? {
            var reader = UsageReader(api: .webSocketChat, modelAsked: asked)
            reader.read(text.utf8)
            return reader.finish(isCut: true).method
        }
        #expect(method("gpt-4.1", message) == "bytes-1 gpt ±55%, partial")
        #expect(method(nil, message) == "bytes-1 other ±25%, partial")
        let named =
            #"{"type":"stream","model":"claude-sonnet-4.5","delta":{"content":"text"}}"# + "\n"
        #expect(method("gpt-4.1", named) == "bytes-1 claude ±35%, partial")
    }

    /// A chunk of text alone is not read as JSON.
    @Test func garbageAmongTextIsToldAll() {
        func data(_ text: String) -> String { "data: " + text + "\n\n" }
        let chunk = #"{"id":"c","model":"gpt-4.1","choices":[{"delta":{"content":"a"}}]}"#
        let end = #"{"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":2}}"#
        let reading = Self.read(
            data(chunk) + data(#"{"choices":[{"delta":{"cont not this"#) + data(chunk) + data(end)
                + data("[DONE]"))
        #expect(reading.known == .reported)
        #expect(reading.oddities.list == [.malformedPayload])
    }

    /// As Perplexity does: the usage so far and the message so far stand in every chunk.
    @Test func aMessageBesideADeltaIsNoEnd() {
        func chunk(_ output: Int, _ finish: String) -> String {
            #"data: {"model":"sonar","usage":{"prompt_tokens":4,"completion_tokens":\#(output)},"choices":[{"message":{"content":"I am"},"delta":{"content":" am"},"finish_reason":\#(finish)}]}"#
                + "\r\n\r\n"
        }
        let cut = Self.read(chunk(1, "null") + chunk(9, "null"), isCut: true)
        #expect(cut.known == .partial)
        #expect(cut.isComplete == false)
        #expect(cut.usage[.output] == 9)
        let whole = Self.read(chunk(1, "null") + chunk(97, #""stop""#))
        #expect(whole.known == .reported)
        #expect(whole.oddities.isEmpty)
        #expect(whole.usage[.output] == 97)
    }

    /// A finish that more text follows was none, and where each piece of text carries one, it tells
    /// nothing: early Gemini models answer so.
    @Test func aFinishThatTextFollowsWasNone() {
        func chunk(_ text: String, _ output: Int, _ finish: String = #""STOP""#) -> String {
            #"data: {"candidates":[{"content":{"parts":[{"text":"\#(text)"}]},"finishReason":\#(finish)}],"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":\#(output)}}"#
                + "\r\n\r\n"
        }
        let sources =
            #"data: {"candidates":[{"groundingMetadata":{"segment":{"text":"The price"}}}],"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":9}}"#
            + "\r\n\r\n"
        let stamped = chunk("The", 1) + chunk(" price", 4)
        #expect(Self.read(stamped, isCut: true).known == .partial)
        #expect(Self.read(stamped + chunk(" is", 9), isCut: true).known == .partial)
        #expect(Self.read(stamped + chunk(" is", 9)).known == .reported)
        // A payload without text is not followed by another piece.
        #expect(Self.read(stamped + sources, isCut: true).known == .reported)
        // A finish behind text that had none is taken at its word, also a second one.
        let open = chunk("The", 1, "null") + chunk(" price", 4)
        #expect(Self.read(open, isCut: true).known == .reported)
        let goesOn = open + chunk(" is", 6, "null")
        #expect(Self.read(goesOn, isCut: true).known == .partial)
        #expect(Self.read(goesOn + chunk(" 9", 9), isCut: true).known == .reported)
    }

    /// OpenRouter sends usage beside a `finish_reason` that is null; whoever counts as it goes does so
    /// from the first text on.
    @Test func usageThatComesOnceBehindTheTextIsFinal() {
        func chunk(_ text: String, _ usage: String = "") -> String {
            #"data: {"id":"g","model":"k","choices":[{"delta":{"content":"\#(text)"},"finish_reason":null}]\#(usage)}"#
                + "\n\n"
        }
        let usage = #","usage":{"prompt_tokens":57,"completion_tokens":17,"total_tokens":74}"#
        #expect(Self.read(chunk("a") + chunk("", usage), isCut: true).known == .reported)
        #expect(Self.read(chunk("", usage) + chunk("a"), isCut: true).known == .partial)
        #expect(Self.read(chunk("a", usage) + chunk("", usage), isCut: true).known == .partial)
    }

    /// Vercel's gateway leaves the thoughts out of the completion and of the total, and echoes the
    /// usage of its upstream, which holds them: 9 in, 2 + 25 out. Its cost is that of 27.
    @Test func theUpstreamsTotalTellsWhatAGatewayLeftOut() {
        func answer(_ metadata: String) -> String {
            #"data: {"model":"google/gemini-2.5-flash","choices":[{"delta":{\#(metadata)},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11,"completion_tokens_details":{"reasoning_tokens":25}}}"#
                + "\n\ndata: [DONE]\n\n"
        }
        let echo = Self.read(
            answer(
                #""provider_metadata":{"google":{"usageMetadata":{"thoughtsTokenCount":25,"promptTokenCount":9,"candidatesTokenCount":2,"totalTokenCount":36}}}"#
            ))
        #expect(echo.usage[.input] == 9)
        #expect(echo.usage[.output] == 2)
        #expect(echo.usage[.reasoning] == 25)
        #expect(echo.oddities.list == [.reasoningBesideOutput])
        // Without it the total is the gateway's own, and what exceeds it is a miscount.
        let none = Self.read(answer(""))
        #expect(none.usage.totalOutput == 2)
        #expect(none.oddities.list == [.reasoningExceedsOutput])
    }

    /// A text may be cut in the middle of a character, and a name written with escapes: usage beside
    /// them counts.
    @Test func strangeTextsLoseNoUsage() {
        let usage = #""usage":{"prompt_tokens":5000,"completion_tokens":7}"#
        func chunk(_ text: String, _ usage: String) -> [UInt8] {
            Array(
                #"data: {"model":"gpt-4.1","choices":[{"delta":{"content":"x"#.utf8)
                + Array(text.utf8) + Array(#""},"finish_reason":"stop"}],\#(usage)}"#.utf8)
                + Array("\n\ndata: [DONE]\n\n".utf8)
        }
        for body in [
            chunk(#"\ud83d"#, usage), chunk("", usage.replacing("usage", with: #"\u0075sage"#)),
        ] {
            var reader = UsageReader()
            reader.read(body)
            #expect(
                reader.finish().usage[.input] == 5000, "\(String(decoding: body, as: UTF8.self))")
        }
        var reader = UsageReader()
        reader.read(chunk("#", usage).map { $0 == UInt8(ascii: "#") ? 0xFF : $0 })
        #expect(reader.finish().known == .reported)
    }

    /// Usage that text follows is not the last, whoever sent it without a finish; and one without an
    /// output takes nothing from the one before.
    @Test func usageThatTextFollowsIsNotFinal() {
        func chunk(_ text: String) -> String {
            #"data: {"id":"c","model":"m","choices":[{"delta":{"content":"\#(text)"}}]}"# + "\n\n"
        }
        func usage(_ output: String) -> String {
            #"data: {"choices":[],"usage":{"prompt_tokens":100\#(output)}}"# + "\n\n"
        }
        let first = usage(#","completion_tokens":0"#)
        // No text is made of no tokens.
        #expect(Self.read(first + chunk("a"), isCut: true).known == .estimated)
        let middle = chunk("a") + usage(#","completion_tokens":3"#)
        #expect(Self.read(middle, isCut: true).known == .reported)
        #expect(Self.read(middle + chunk("b"), isCut: true).known == .partial)
        let last = Self.read(
            chunk("a") + usage(#","completion_tokens":20"#) + usage("") + "data: [DONE]\n\n")
        #expect(last.known == .reported)
        #expect(last.usage[.output] == 20)
    }

    /// Whatever else a payload holds, and however its names are written, its usage counts.
    @Test(arguments: [
        #""x":NaN,"#, #""x":-Infinity,"#, #""x":1"# + String(repeating: "0", count: 80) + ",",
        "\"x\":\"\u{1}\t\",",
        #""x":"# + String(repeating: #"[{"a":"#, count: 99) + "1"
            + String(repeating: "}]", count: 99)
            + ",",
    ]) func oddJSONBesideUsageLosesNoneOfIt(odd: String) {
        let text =
            #"data: {"id":"c","model":"m","choices":[{"delta":{"content":"a"}}]}"# + "\n\n"
        for name in [#""usage""#, #""us\u0061ge""#] {
            let end =
                #"data: {\#(odd)"choices":[],\#(name):{"prompt_tokens":100,"completion_tokens":7}}"#
                + "\n\ndata: [DONE]\n\n"
            let reading = Self.read(text + text + end)
            #expect(reading.known == .reported)
            #expect(reading.usage[.input] == 100)
        }
    }

    /// What was counted before the text, and never again, is no count of the answer.
    @Test func usageThatWentStaleIsNotReported() {
        let text = String(repeating: "some more words of the answer ", count: 10)
        let bodies = [
            // With the first piece alone; and a finish behind the text that says nothing more.
            #"data: {"model":"gpt-4.1","choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":10,"completion_tokens":1}}"#
                + "\n\n" + #"data: {"choices":[{"delta":{"content":"\#(text)"}}]}"# + "\n\n"
                + #"data: {"choices":[{"delta":{},"finish_reason":"stop"}]}"#
                + "\n\ndata: [DONE]\n\n",
            #"data: {"modelVersion":"gemini-2.5-pro","candidates":[{"content":{"parts":[{"text":"a"}]}}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":1}}"#
                + "\n\n"
                + #"data: {"candidates":[{"content":{"parts":[{"text":"\#(text)"}]},"finishReason":"STOP"}]}"#
                + "\n\n",
        ]
        for body in bodies {
            let whole = Self.read(body)
            #expect(whole.known == .estimated, "\(body)")
            #expect(whole.usage[.input] == 10)
            #expect(whole.usage[.output] > 40)
        }
        // Cut, the last that the vendor said stands.
        let cut = Self.read(
            bodies[0].components(separatedBy: "data: {\"choices\":[{\"delta\":{},")[0], isCut: true)
        #expect(cut.known == .partial)
        #expect(cut.usage[.output] == 1)
    }

    @Test func anOutputOfNothingBesideTextIsNoCount() {
        let reading = Self.read(
            #"{"object":"chat.completion","model":"gpt-4.1","choices":[{"message":{"content":"words of an answer"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":0}}"#
        )
        #expect(reading.known == .estimated)
        #expect(reading.usage[.input] == 10)
        #expect(reading.oddities.list == [.zeroUsage])
    }

    /// A zero behind a count is none.
    @Test func aZeroBehindACountTakesNothingBack() {
        let reading = Self.read(
            #"data: {"model":"m","choices":[{"delta":{"content":"hello world"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":200}}"#
                + "\n\n"
                + #"data: {"choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":0}}"#
                + "\n\ndata: [DONE]\n\n")
        #expect(reading.known == .reported)
        #expect(reading.usage[.output] == 200)
        #expect(reading.oddities.list == [.zeroUsage])
    }

    /// All that is shown counts, wherever it stands.
    @Test(arguments: [
        #""refusal":"some words""#, #""annotations":[],"content":"some words""#,
        #""annotations":[{"url_citation":{"content":"quoted"}}],"content":"some words""#,
        #""content":[{"type":"text","text":"some words"}]"#,
    ]) func whatIsShownIsCounted(delta: String) {
        let reading = Self.read(#"data: {"choices":[{"delta":{\#(delta)}}]}"# + "\n\n", isCut: true)
        #expect(reading.text.bytes == 10)
    }

    /// Empty lines keep a connection alive before a document comes.
    @Test func emptyLinesBeforeADocumentHideNothing() {
        var reader = UsageReader()
        for _ in 0..<5_000 { reader.read([0x0A]) }
        reader.read(
            #"{"object":"chat.completion","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":2}}"#
                .utf8)
        #expect(reader.finish().usage[.input] == 10)
    }

    /// What is quoted, what a tool brought, and what is said twice is no output.
    @Test(arguments: [
        #"{"choices":[{"delta":{"content":"","annotations":[{"type":"url_citation","url_citation":{"content":"a long page"}}]}}]}"#,
        #"{"type":"content_block_start","content_block":{"type":"mcp_tool_result","content":[{"type":"text","text":"a long page"}]}}"#,
        #"{"type":"content_block_start","content_block":{"type":"web_search_tool_result","content":[{"text":"a long page"}]}}"#,
    ]) func whatTheModelDidNotWriteIsNotEstimated(event: String) {
        let reading = Self.read("data: \(event)\n\n", isCut: true)
        #expect(reading.text.bytes == 0)
    }

    @Test func aThoughtUnderTwoNamesIsOne() {
        func bytes(_ delta: String) -> Int64 {
            Self.read(#"data: {"choices":[{"delta":{\#(delta)}}]}"# + "\n\n", isCut: true).text
                .bytes
        }
        #expect(bytes(#""reasoning":"seven b","reasoning_content":"seven b""#) == 7)
        #expect(bytes(#""reasoning":"seven b""#) == 7)
        #expect(bytes(#""reasoning_content":"seven b","reasoning":null"#) == 7)
    }

    /// Some write an error of nothing in every piece.
    @Test(arguments: ["false", "null", #""""#, "{}"]) func anErrorOfNothingIsNone(error: String) {
        let reading = Self.read(
            #"data: {"error":\#(error),"choices":[{"delta":{"content":"a"}}]}"# + "\n\n",
            isCut: true)
        #expect(reading.errorKind == nil)
        #expect(reading.text.bytes == 1)
    }

    @Test func aStopWithoutUsageIsAFinish() {
        let reading = Self.read(
            #"data: {"type":"message_start","message":{"id":"m","model":"claude-sonnet-4.5","usage":{"input_tokens":3,"output_tokens":1}}}"#
                + "\n\n"
                + #"data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}"# + "\n\n"
                + #"data: {"type":"message_stop"}"# + "\n\n")
        #expect(reading.finishReason == "end_turn")
    }

    /// A byte order mark hides no body, in whatever pieces it comes.
    @Test func readsBehindAByteOrderMark() {
        let usage = #""usage":{"prompt_tokens":100,"completion_tokens":7}"#
        let document = #"{"object":"chat.completion","choices":[],\#(usage)}"#
        let bodies = [
            document, "\r\n " + document, "[\(document)]",
            #"data: {"choices":[],\#(usage)}"# + "\n\ndata: [DONE]\n\n",
        ]
        for body in bodies {
            let bytes = [0xEF, 0xBB, 0xBF] + Array(body.utf8)
            let unmarked = Self.read(body)
            #expect(unmarked.usage[.input] == 100)
            for place in 0...6 {
                var reader = UsageReader()
                reader.read(bytes[..<place])
                reader.read(bytes[place...])
                #expect(reader.finish() == unmarked, "\(body) at \(place)")
            }
        }
        // One that is none after all is the beginning of a line.
        var reader = UsageReader()
        reader.read([0xEF, 0xBB] + Array("data: {}\n\n".utf8))
        #expect(reader.finish().payloads == 0)
    }

    /// The sign of the end is one as soon as it is spelled, its blank line or not.
    @Test func theEndIsKnownBeforeItsBlankLine() {
        let chunk = #"data: {"model":"m","choices":[{"delta":{"content":"a"}}]}"# + "\n\n"
        for end in ["data: [DONE]", "data:[DONE]", "data: [DONE]\n", "data: [DONE]\r\n\r\n"] {
            for count in 0...end.utf8.count {
                var reader = UsageReader()
                reader.read((chunk + end.prefix(count)).utf8)
                #expect(reader.hasEndMarker == end.prefix(count).contains("[DONE]"), "\(end)")
            }
        }
        for other in ["data: [DONE", "data: [DONE]]", "event: [DONE]", "data: x\ndata: [DONE]"] {
            var reader = UsageReader()
            reader.read((chunk + other).utf8)
            #expect(!reader.hasEndMarker, "\(other)")
        }
    }

    /// A body that was cut before anything told what it is may be one all the same.
    @Test func tellsTheBeginningOfABody() {
        let event =
            "event: message_start\r\nid: 1\r\n: comment\r\ndata: {\"type\":\"message_start\"}"
        for count in 1...event.count {
            #expect(Self.read(String(event.prefix(count)), isCut: true).isBeginning, "\(count)")
        }
        for beginning in ["{", "[", "[{", #"{"id":"c"#] {
            #expect(Self.read(beginning, isCut: true).isBeginning, "\(beginning)")
        }
        for other in ["", "\n", "words", "dates: x", "# data", "data: x\n\n", "{}", "datas"] {
            #expect(!Self.read(other, isCut: true).isBeginning, "\(other)")
        }
    }

    /// The answer's text stands elsewhere in a document than in a stream.
    @Test func aDocumentOfResponsesWithoutUsageIsEstimated() {
        let reading = Self.read(
            #"{"object":"response","id":"r","model":"gpt-4.1","status":"completed","instructions":null,"text":{"format":{"type":"text"}},"output":[{"type":"message","content":[{"type":"output_text","text":"seven tokens of text in an answer"}]}]}"#
        )
        #expect(reading.known == .estimated)
        #expect(reading.text.bytes == 33)
        #expect(reading.usage.totalOutput == 9)
    }

    /// OpenAI documents the error of Responses as an event of its own.
    @Test func theErrorOfResponsesIsAnEvent() {
        let event =
            #"data: {"type":"error","code":"server_error","message":"went wrong","param":null}"#
            + "\n\n"
        var reader = UsageReader(api: .openAIResponses)
        reader.read(event.utf8)
        #expect(reader.finish().errorKind == "server_error")
        var parts: [AnswerPart] = []
        var answer = AnswerReader(api: .openAIResponses)
        Array(event.utf8).withUnsafeBytes { answer.read($0) { parts.append($0) } }
        #expect(parts == [.failure("went wrong")])
    }

    /// What was asked is no tier that served, and a ping is nobody's own.
    @Test func aFirstEventDecidesNothingThatItDoesNotSay() {
        let created =
            #"data: {"type":"response.created","response":{"id":"r","model":"gpt-4.1","service_tier":"auto"}}"#
            + "\n\n"
        #expect(Self.read(created, isCut: true).serviceTier == nil)
        let chunk =
            #"data: {"model":"m","choices":[],"usage":{"prompt_tokens":4,"completion_tokens":2}}"#
            + "\n\n"
        let reading = Self.read(#"data: {"type":"ping"}"# + "\n\n" + chunk)
        #expect(reading.api == .openAIChat)
        #expect(reading.usage.totalInput == 4)
    }

    /// Of an output that cannot be counted the text still tells.
    @Test func anOutputWithoutACountIsEstimated() {
        let reading = Self.read(
            #"{"object":"chat.completion","model":"gpt-4.1","choices":[{"message":{"content":"a few words"},"finish_reason":"stop"}],"usage":{"prompt_tokens":50,"completion_tokens":"7"}}"#
        )
        #expect(reading.known == .estimated)
        #expect(reading.usage[.input] == 50)
        #expect(reading.usage[.output] == 3)
        #expect(reading.oddities.list == [.unusableCount])
    }

    @Test(arguments: cases) func readsTheFinalUsage(stream: Case) throws {
        let bytes = try Self.bytes(stream.file)
        var reader = UsageReader()
        reader.read(bytes)
        #expect(reader.hasFinalUsage)
        #expect(reader.hasFinishMarker)
        let reading = reader.finish()
        #expect(reading.api == stream.api)
        #expect(reading.model == stream.model)
        #expect(reading.finishReason == stream.finish)
        #expect(reading.usage == stream.usage)
        #expect(reading.known == .reported)
        #expect(reading.isInputKnown)
        #expect(reading.isComplete)
        #expect(reading.oddities.isEmpty, "\(reading.oddities.list)")
        for place in bytes.indices {
            var reader = UsageReader()
            reader.read(bytes[..<place])
            reader.read(bytes[place...])
            #expect(reader.finish() == reading)
        }
    }

    @Test func aPlaceholderIsNoReport() throws {
        let text = String(decoding: try Self.bytes("anthropic-messages.sse"), as: UTF8.self)
        let cut = try #require(text.range(of: "event: content_block_stop"))
        let reading = Self.read(String(text[..<cut.lowerBound]), isCut: true)
        #expect(reading.known == .estimated)
        // 31 bytes at 3.6 bytes a token, not the 1 of the start.
        #expect(reading.usage[.output] == 9)
        #expect(reading.method == "bytes-1 claude ±35%, partial")
        #expect(reading.usage.totalInput == 1320)
        #expect(reading.oddities.list == [.missingDone])

        let start = try #require(text.range(of: "event: ping"))
        let before = Self.read(String(text[..<start.lowerBound]), isCut: true)
        #expect(before.known == .partial)
        #expect(before.usage[.output] == 0)
        #expect(before.usage.totalInput == 1320)
    }

    @Test func whatNobodyReportsStaysUnknown() {
        let nothing = Self.read(
            """
            data: {"object":"chat.completion.chunk","model":"m","choices":[{"delta":{},"finish_reason":"stop"}]}

            data: [DONE]


            """)
        #expect(nothing.known == .unknown)
        #expect(nothing.usage.isEmpty)
        #expect(!nothing.isInputKnown)
        let text = Self.read(
            """
            data: {"object":"chat.completion.chunk","model":"m","choices":[{"delta":{"content":"seventeen letters"},"finish_reason":"stop"}]}

            data: [DONE]


            """)
        #expect(text.known == .estimated)
        // 17 bytes at 4.25.
        #expect(text.usage[.output] == 4)
        #expect(!text.isInputKnown)
        #expect(text.usage.totalInput == 0)
    }

    /// A vendor that says what a cache served, and not what all of the input was: that much it was.
    @Test func partsCountWhereTheirWholeIsNotSaid() throws {
        func read(_ text: String) throws -> UsageReading {
            try UsageReading(vendorUsage: try JSONReader.value(of: Array(text.utf8)))
        }
        let claude = try read(
            #"{"cache_read_input_tokens":100,"cache_creation_input_tokens":20,"output_tokens":5}"#)
        #expect(!claude.isInputKnown)
        #expect(claude.usage[.cachedInput] == 100)
        #expect(claude.usage[.cacheWrite5m] == 20)
        #expect(claude.usage[.input] == 0)
        #expect(claude.oddities.isEmpty, "\(claude.oddities.list)")
        let chat = try read(
            #"{"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":7,"audio_tokens":3}}"#
        )
        #expect(!chat.isInputKnown)
        #expect(chat.usage[.cachedInput] == 7)
        #expect(chat.usage[.audioInput] == 3)
        #expect(chat.usage.totalInput == 10)
    }

    struct Odd: Sendable, CustomTestStringConvertible {
        let oddity: Oddity
        let usage: String
        let input: Int64
        let output: Int64
        var testDescription: String { oddity.rawValue }
    }

    /// Each contradiction has a stated way out, and is told.
    @Test(arguments: [
        Odd(
            oddity: .cachedExceedsPrompt,
            usage:
                #"{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":64}}"#,
            input: 10, output: 5),
        Odd(
            oddity: .reasoningExceedsOutput,
            usage:
                #"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"completion_tokens_details":{"reasoning_tokens":9}}"#,
            input: 10, output: 5),
        Odd(
            oddity: .reasoningBesideOutput,
            usage:
                #"{"prompt_tokens":401,"completion_tokens":44,"total_tokens":702,"completion_tokens_details":{"reasoning_tokens":257}}"#,
            input: 401, output: 301),
        Odd(
            oddity: .audioBesidePrompt,
            usage:
                #"{"prompt_tokens":11,"completion_tokens":15,"total_tokens":401,"prompt_tokens_details":{"audio_tokens":375}}"#,
            input: 386, output: 15),
        Odd(
            oddity: .totalMismatch,
            usage: #"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":16}"#, input: 10,
            output: 5),
        Odd(
            oddity: .negativeCount,
            usage:
                #"{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":-4}}"#,
            input: 10, output: 5),
        Odd(
            oddity: .unusableCount,
            usage:
                #"{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":9000000000000}}"#,
            input: 10, output: 5),
        Odd(
            oddity: .modalityExceedsTotal,
            usage:
                #"{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"audio_tokens":11}}"#,
            input: 10, output: 5),
    ])
    func cutsContradictionsByAStatedRule(odd: Odd) {
        let reading = Self.read(
            """
            data: {"object":"chat.completion.chunk","choices":[],"usage":\(odd.usage)}

            data: [DONE]


            """)
        #expect(reading.usage.totalInput == odd.input)
        #expect(reading.usage.totalOutput == odd.output)
        #expect(reading.known == .reported)
        #expect(reading.oddities.contains(odd.oddity), "\(reading.oddities.list)")
    }

    /// The same of vendors whose parts stand elsewhere.
    @Test func cutsTheCachesOfOthersToWhatHoldsThem() throws {
        func read(_ text: String) throws -> UsageReading {
            try UsageReading(vendorUsage: try JSONReader.value(of: Array(text.utf8)))
        }
        // Of 100 that were written 80 + 80 were told apart: the longer ones first, which cost more.
        let claude = try read(
            #"{"input_tokens":5,"output_tokens":1,"cache_creation_input_tokens":100,"cache_creation":{"ephemeral_5m_input_tokens":80,"ephemeral_1h_input_tokens":80}}"#
        )
        #expect(claude.usage[.cacheWrite1h] == 80)
        #expect(claude.usage[.cacheWrite5m] == 20)
        #expect(claude.usage.totalInput == 105)
        #expect(claude.oddities.list == [.totalMismatch])
        // What tools brought in was not cached.
        let gemini = try read(
            #"{"promptTokenCount":100,"cachedContentTokenCount":150,"toolUsePromptTokenCount":1000,"candidatesTokenCount":5}"#
        )
        #expect(gemini.usage[.cachedInput] == 100)
        #expect(gemini.usage[.input] == 1000)
        #expect(gemini.oddities.list == [.cachedExceedsPrompt])
    }

    @Test func zeroCountsWithTextAreNotSaid() {
        let reading = Self.read(
            """
            data: {"object":"chat.completion.chunk","choices":[{"delta":{"content":"text that was billed"},"finish_reason":"stop"}]}

            data: {"object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}

            data: [DONE]


            """)
        #expect(reading.known == .estimated)
        #expect(reading.oddities.list == [.zeroUsage])
    }

    @Test func anErrorIsToldByItsKindAlone() {
        let reading = Self.read(
            """
            event: error
            data: {"type":"error","error":{"type":"overloaded_error","message":"sk-secret"}}


            """)
        #expect(reading.errorKind == "overloaded_error")
        #expect(reading.known == .unknown)
    }

    @Test func theVendorsCostIsExact() {
        func cost(_ field: String) -> Money? {
            Self.read(
                """
                data: {"object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,\(field)}}


                """
            ).vendorCost
        }
        #expect(cost(#""cost":7.02e-05"#)?.amountText == "0.0000702")
        #expect(cost(#""cost":{"total_cost":0.005}"#)?.amountText == "0.005")
        // Ticks of 10⁻¹⁰ dollars.
        #expect(cost(#""cost_in_usd_ticks":1707000"#)?.amountText == "0.0001707")
        #expect(cost(#""cost":-1"#) == nil)
        #expect(cost(#""cost":"free""#) == nil)
    }

    /// What is inside a text is not a key.
    @Test func textThatLooksLikeUsageIsText() {
        let reading = Self.read(
            #"""
            data: {"id":"1","object":"chat.completion.chunk","model":"m","choices":[{"delta":{"content":"\"usage\":{\"prompt_tokens\":9}"}}]}

            data: {"id":"1","object":"chat.completion.chunk","model":"m","choices":[{"delta":{"content":"usage"},"finish_reason":null}]}


            """#)
        #expect(reading.known == .estimated)
        #expect(reading.usage.totalInput == 0)
    }

    @Test func readsAUsageObjectAsItCame() throws {
        func usage(_ text: String, _ api: StreamAPI? = nil) throws -> Usage {
            let value = try JSONReader.value(of: Array(text.utf8), numbers: .decimal)
            return try UsageReading(vendorUsage: value, api: api).usage
        }
        #expect(
            try usage(#"{"input_tokens":5,"cache_read_input_tokens":95,"output_tokens":7}"#)
                == Usage([.input: 5, .cachedInput: 95, .output: 7]))
        #expect(
            try usage(#"{"promptTokenCount":5,"candidatesTokenCount":7,"thoughtsTokenCount":2}"#)
                == Usage([.input: 5, .output: 7, .reasoning: 2]))
        // The same words by two conventions: the API decides.
        let text =
            #"{"input_tokens":100,"output_tokens":7,"input_tokens_details":{"cached_tokens":60}}"#
        #expect(try usage(text) == Usage([.input: 40, .cachedInput: 60, .output: 7]))
        #expect(try usage(text, .anthropicMessages) == Usage([.input: 100, .output: 7]))
        #expect(throws: VendorUsageError.unrecognised) { try usage(#"{"tokens_used":4}"#) }
        #expect(throws: VendorUsageError.silent(.openAIChat)) {
            try usage(#"{"prompt_tokens":null,"completion_tokens":"many"}"#)
        }
    }

    @Test func readsAnAnswerForPeople() throws {
        for (file, text) in [
            ("openai-chat.sse", "A token is about four bytes."),
            ("anthropic-messages.sse", "Prices move; history does not."),
            ("gemini.sse", "Counts add up to the total."),
            ("gemini-array.json", "An array of chunks."),
            ("openai-responses.sse", "One search, one answer."),
            ("websocket-chat.ndjson", "Both transports, one reader."),
            ("cohere-v2.sse", "Tokens and billed units differ."), ("ollama.ndjson", "Local"),
        ] {
            var reader = AnswerReader()
            var read = ""
            for byte in try Self.bytes(file) {
                withUnsafeBytes(of: byte) { bytes in
                    reader.read(bytes) { if case .text(let text) = $0 { read += text } }
                }
            }
            #expect(read == text, "\(file)")
        }
    }
}
