import Accounting
import ConfigFiles
import Foundation
import MeteringRelay
import Pricing
import ProviderUsage
import StreamClient

/// A relay as its file and the flags want it, with keys from the environment and addresses from the
/// channels.
struct RelaySetup {
    let settings: RelaySettings
    var recording: (any BodyRecording)?
    var shutdownSeconds = 30

    /// Throws `Faults` with all that is wrong with the file.
    init(file path: String, _ pricing: PricingContext) throws {
        let text = try RateFolder.text(of: path)
        let folder = (path as NSString).deletingLastPathComponent
        settings = try RelayFile.read(text, file: path) { file in
            var settings = RelaySettings(
                upstreams: file.upstreams.compactMap {
                    Self.upstream($0, pricing, folder: folder)
                })
            settings.tellsCost = file.tellsCost
            settings.modelOfPages = file.pageModel ?? settings.modelOfPages
            settings.limits.usageMilliseconds =
                file.usageWaitMilliseconds ?? settings.limits.usageMilliseconds
            settings.limits.bodyBytes =
                file.bodyMebibytes.map { Int($0) << 20 } ?? settings.limits.bodyBytes
            return settings
        }
    }

    private static func upstream(
        _ file: RelayFile.Upstream, _ pricing: PricingContext, folder: String
    ) -> RelayUpstream? {
        let channel: Channel
        do throws(PricingError) {
            channel = try pricing.book.channel(named: file.channel)
        } catch {
            file.node.fault("\(error)")
            return nil
        }
        guard let address = address(file, channel), let apis = apis(file, channel) else {
            return nil
        }
        var upstream = RelayUpstream(
            name: file.name, channel: channel.id, apis: apis, address: address)
        guard let key = key(file, channel, address, folder: folder) else { return nil }
        upstream.key = key
        upstream.models = file.models
        upstream.headers = headers(file)
        upstream.leavePolicy = file.whenClientLeaves == .drain ? .drain : .stop
        upstream.asksForUsage = file.asksForUsage
        let (own, given) = (upstream.timeouts, file.timeouts)
        upstream.timeouts.connectMilliseconds = given.connectMilliseconds ?? own.connectMilliseconds
        upstream.timeouts.firstByteMilliseconds =
            given.firstByteMilliseconds ?? own.firstByteMilliseconds
        upstream.timeouts.idleMilliseconds = given.idleMilliseconds ?? own.idleMilliseconds
        upstream.timeouts.totalMilliseconds = given.totalMilliseconds ?? own.totalMilliseconds
        if let retries = file.retries { upstream.retries.attempts = Int(retries) + 1 }
        upstream.keepAliveMilliseconds = file.keepAliveMilliseconds
        upstream.maximumOutput = file.maximumOutput
        upstream.serviceTier = file.serviceTier
        if let certificates = file.certificates {
            upstream.trust = .systemAnd(file: path(certificates, in: folder))
        }
        return upstream
    }

    private static func address(_ file: RelayFile.Upstream, _ channel: Channel) -> StreamAddress? {
        guard let text = file.baseURL ?? channel.endpoints.baseURL else {
            file.node.fault("names no base_url, and neither does channel \(channel.id)")
            return nil
        }
        do throws(StreamAddressError) {
            let address = try StreamAddress(text)
            guard !address.isWebSocket else {
                file.node.fault("base_url is one of a WebSocket; https or http is wanted")
                return nil
            }
            return address
        } catch {
            file.node.fault("base_url \(error)")
            return nil
        }
    }

    /// Who speaks like OpenAI has both of its dialects; what it has not, it says itself.
    private static func apis(_ file: RelayFile.Upstream, _ channel: Channel) -> Set<StreamAPI>? {
        let names = file.apis ?? [channel.endpoints.api ?? StreamAPI.openAIChat.rawValue]
        var apis: Set<StreamAPI> = []
        for name in names {
            guard ChannelEndpoints.names.contains(name), let api = StreamAPI(rawValue: name) else {
                file.node.fault(
                    "\(quoted(name)) is not one of \(ChannelEndpoints.names.joined(separator: ", "))"
                )
                return nil
            }
            apis.insert(api)
        }
        if file.apis == nil, apis == [.openAIChat] { apis.insert(.openAIResponses) }
        return apis
    }

    private static func key(
        _ file: RelayFile.Upstream, _ channel: Channel, _ address: StreamAddress, folder: String
    ) -> RelayUpstream.Key? {
        let given = file.key ?? channel.keyVariable.map(RelayFile.Key.variable) ?? .none
        let text: String
        switch given {
        case .client: return .clients
        case .none: return RelayUpstream.Key.none
        case .variable(let name):
            guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else {
                // On this machine no key is needed; it is sent where there is one.
                if file.key == nil, address.isLoopback { return RelayUpstream.Key.none }
                file.node.fault("no key for \(file.name): put it into \(name), or name it with key")
                return nil
            }
            text = value
        case .file(let name):
            do {
                text = try RateFolder.text(of: path(name, in: folder))
            } catch {
                file.node.fault("no key for \(file.name): \(error)")
                return nil
            }
        }
        guard address.isTLS || address.isLoopback else {
            file.node.fault(
                "\(address.host) is spoken to without TLS, and the key would be seen on the way")
            return nil
        }
        guard let key = StreamKey(text) else {
            file.node.fault(
                "the key for \(file.name) has white space inside, or letters outside ASCII")
            return nil
        }
        return .ours(key)
    }

    private static func headers(_ file: RelayFile.Upstream) -> [(name: String, value: String)] {
        file.headers.filter { name, value in
            let isPlain =
                !name.isEmpty
                && name.utf8.allSatisfy {
                    (0x30...0x39).contains($0) || (0x41...0x5A).contains($0)
                        || (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "-")
                }
                && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
            if !isPlain { file.node.fault("header \(quoted(name)) is none that can be sent") }
            return isPlain
        }
    }

    private static func path(_ name: String, in folder: String) -> String {
        name.hasPrefix("/") || folder.isEmpty ? name : "\(folder)/\(name)"
    }
}

extension RawRecording: BodyRecording {
    func begin(named name: String, ending: String) throws -> any RecordedBody {
        try file(named: name, ending: ending)
    }
}

extension RecordedAnswer: RecordedBody {}
