import CostService
import Testing

/// Which origins may be allowed at all.
@Suite struct OriginGuardTests {
    @Test(arguments: [
        "https://app.example.com", "http://localhost:3000", "https://a:65535", "http://[::1]:8080",
        "https://[2001:db8::1]",
    ]) func isAnOrigin(text: String) { #expect(OriginGuard.isOrigin(text)) }

    /// The last four are none that a browser would ever send.
    @Test(arguments: [
        "*", "", "app.example.com", "ftp://a", "https://", "https://:80", "https://a/",
        "https://a/b",
        "https://a b", "https://user@a", "https://A.example", "https://a:99999", "https://a:",
        "https://a:x", "https://[::1]x", "https://a:443", "http://a:80", "https://a:0", "null",
    ]) func isNoOrigin(text: String) { #expect(!OriginGuard.isOrigin(text)) }
}
