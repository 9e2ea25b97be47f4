import Accounting
import Foundation
import Pricing
import ProviderUsage
import StreamClient

/// Who is asked, found out from the flags, the channel's file and the environment, before anything is
/// sent.
struct ChatSetup {
    let channel: Channel
    let endpoint: ChatEndpoint
    let settings: StreamSettings

    init(_ options: ChatOptions, _ pricing: PricingContext) throws {
        channel = try Self.channel(options, pricing)
        settings = try options.settings()
        let address = try Self.address(options, channel)
        let api = try Self.api(options, channel)
        let key = try Self.key(options, channel, address)
        do throws(ChatEndpointError) {
            endpoint = try ChatEndpoint(api: api, address: address, key: key)
        } catch {
            throw QuestionError.invalid(
                field: options.url == nil ? "--channel" : "--url", problem: "\(error)")
        }
    }

    private static func channel(
        _ options: ChatOptions, _ pricing: PricingContext
    ) throws -> Channel {
        if let name = options.channel, name != Channel.direct {
            return try pricing.book.channel(named: name)
        }
        let model = try pricing.book.model(named: options.model, at: pricing.now)
        return try pricing.book.channel(named: Channel.direct, for: model)
    }

    /// Throws for another model that this channel's own name does not lead to.
    func admit(model name: String, _ options: ChatOptions, _ pricing: PricingContext) throws {
        guard options.channel == nil || options.channel == Channel.direct else { return }
        let model = try pricing.book.model(named: name, at: pricing.now)
        let seller = try pricing.book.channel(named: Channel.direct, for: model)
        guard seller.id == channel.id else {
            throw QuestionError.invalid(
                field: "/model",
                problem: "\(quoted(name)) is sold by \(seller.id); it wants a chat of its own")
        }
    }

    private static func address(_ options: ChatOptions, _ channel: Channel) throws -> StreamAddress
    {
        let isWebSocket = options.transport == .ws
        let known = isWebSocket ? channel.endpoints.webSocketURL : channel.endpoints.baseURL
        guard let text = options.url ?? known else {
            let what = isWebSocket ? "websocket_url" : "base_url"
            throw QuestionError.invalid(
                field: "--channel",
                problem: "\(channel.id) says no \(what) in its file; name an address with --url")
        }
        let address: StreamAddress
        do throws(StreamAddressError) {
            address = try StreamAddress(text)
        } catch {
            throw QuestionError.invalid(field: "--url", problem: "\(error)")
        }
        guard address.isWebSocket == isWebSocket else {
            throw QuestionError.invalid(
                field: "--url",
                problem: isWebSocket
                    ? "is not one of wss or ws, which --protocol ws wants"
                    : "is one of a WebSocket; say --protocol ws")
        }
        return address
    }

    private static func api(_ options: ChatOptions, _ channel: Channel) throws -> StreamAPI {
        if options.transport == .ws { return .webSocketChat }
        guard let name = options.api ?? channel.endpoints.api else { return .openAIChat }
        guard let api = StreamAPI(rawValue: name), ChannelEndpoints.names.contains(name) else {
            throw QuestionError.invalid(
                field: "--api",
                problem:
                    "\(quoted(name)) is not one of \(ChannelEndpoints.names.joined(separator: ", "))"
            )
        }
        return api
    }

    /// Who writes the key itself where its file belongs does not see it repeated.
    private static func keyText(of file: String) throws -> String {
        do {
            return try RateFolder.text(of: file)
        } catch FileError.unreadable(_, let reason) {
            throw QuestionError.invalid(
                field: "--key-file", problem: "cannot be read: \(reason)")
        }
    }

    /// Where this machine is asked, no key is needed; it is sent where there is one.
    private static func key(
        _ options: ChatOptions, _ channel: Channel, _ address: StreamAddress
    ) throws -> StreamKey? {
        if let file = options.keyFile {
            guard let key = StreamKey(try keyText(of: file)) else {
                throw QuestionError.invalid(
                    field: "--key-file",
                    problem: "holds no key: one line without white space is wanted")
            }
            return key
        }
        let variable = channel.keyVariable
        let value = variable.flatMap { ProcessInfo.processInfo.environment[$0] } ?? ""
        if let variable, !value.isEmpty {
            guard let key = StreamKey(value) else {
                throw ChatError.unusableKey(variable: variable)
            }
            return key
        }
        guard address.isLoopback else {
            throw ChatError.noKey(channel: channel.id, variable: variable)
        }
        return nil
    }
}

/// Why a chat cannot begin, or did not end well.
enum ChatError: Error, CustomStringConvertible {
    case noKey(channel: String, variable: String?)
    case unusableKey(variable: String)
    case unreadableCertificates(String)
    /// Whether it may have been charged although nothing came.
    case failed(ChatFailure, isChargedForNothing: Bool)
    case unwritableRecord(String, reason: String)

    var description: String {
        switch self {
        case .noKey(let channel, let variable?):
            "no key for \(channel): put it into \(variable), or name a file with --key-file"
        case .noKey(let channel, nil):
            "no key for \(channel), whose file names no variable for it; name a file with --key-file"
        case .unusableKey(let variable):
            "\(variable) holds what no key has: white space, a line break, or letters outside ASCII"
        case .unreadableCertificates(let file):
            "cannot read certificates from \(file): no such file, or it is not PEM"
        case .failed(let failure, let isChargedForNothing):
            isChargedForNothing
                ? "\(failure); the request went out and may have been charged, so it is not sent again"
                : "\(failure)"
        case .unwritableRecord(let path, let reason): "cannot write \(path): \(reason)"
        }
    }
}
