import Accounting
import Pricing
import Testing

/// An id is written as UUIDs are, and read back the same.
struct EventIDTests {
    @Test(arguments: [
        "00000000-0000-0000-0000-000000000000", "01234567-89ab-cdef-fedc-ba9876543210",
        "ffffffff-ffff-ffff-ffff-ffffffffffff", "0a0b0c0d-0e0f-1000-0000-000000000001",
    ]) func isWrittenAsItIsRead(text: String) throws {
        #expect(try #require(EventID(text)).text == text)
    }

    @Test func aNewOneIsAUUIDOfItsTime() throws {
        // 2026-11-29T00:00:00Z is 1795910400 s, 0x1a22499f800 ms.
        let id = EventID(mintedAt: Timestamp(milliseconds: 1_795_910_400_000))
        #expect(id.text.hasPrefix("01a22499-f800-7"))
        #expect(id.text.utf8.count == 36)
        #expect(id.mintedMilliseconds == 1_795_910_400_000)
    }

    @Test(arguments: [
        "", "0123", "01234567-89ab-cdef-fedc-ba987654321g", "+1234567-89ab-cdef-fedc-ba9876543210",
    ])
    func nothingElseIsOne(text: String) {
        #expect(EventID(text) == nil)
    }
}
