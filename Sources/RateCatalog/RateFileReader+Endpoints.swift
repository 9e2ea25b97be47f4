import ConfigFiles
import Pricing

extension RateFileReader {
    /// Where and how the channel of a file is spoken to.
    func endpoints(_ mapping: ConfigMapping) -> ChannelEndpoints {
        let api = mapping["api"].flatMap { node in
            choice(
                node, { ChannelEndpoints.names.contains($0) ? $0 : nil }, ChannelEndpoints.names)
        }
        if mapping["base_url"] != nil, mapping["api"] == nil {
            mapping["base_url"]?.fault(
                "needs api: which of \(ChannelEndpoints.names.joined(separator: ", ")) it speaks")
        }
        return ChannelEndpoints(
            api: api, baseURL: address(mapping["base_url"], ["https://", "http://"]),
            webSocketURL: address(mapping["websocket_url"], ["wss://", "ws://"]))
    }

    /// An address without anything secret in it, for it is shown.
    private func address(_ node: ConfigNode?, _ schemes: [String]) -> String? {
        guard let node, let text = node.string else { return nil }
        guard let scheme = schemes.first(where: text.hasPrefix), text.count > scheme.count,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !text.contains("@"),
            !text.contains("#")
        else {
            node.fault(
                "is not an address such as \(schemes[0])api.example.com/v1, without a user, a key or a fragment"
            )
            return nil
        }
        guard !text.contains("?") || !text.lowercased().contains("key=") else {
            node.fault("holds a key; api_key_env names the variable that does")
            return nil
        }
        return text
    }
}
