import Tenancy
import Testing

@Suite struct MasterKeyTests {
    private func key() throws -> MasterKey { try MasterKey(base64: MasterKey.generate()) }

    @Test func `what was sealed opens with the same key and context only`() throws {
        let (key, other) = (try key(), try key())
        for count in [0, 1, 16, 51, 4096] {
            let secret = SecretBytes.random(count)
            let sealed = try key.seal(secret, context: "be_1 api_key 1")
            #expect(sealed.count == count + 28)
            #expect(try key.open(sealed, context: "be_1 api_key 1") == secret)
            #expect(throws: MasterKeyError.openFailed) { try key.open(sealed, context: "be_2 api_key 1") }
            #expect(throws: MasterKeyError.openFailed) { try key.open(sealed, context: "") }
            #expect(throws: MasterKeyError.openFailed) { try other.open(sealed, context: "be_1 api_key 1") }
        }
    }

    @Test func `a wrapped key opens under the key that wrapped it only, also when that is at hand as another`() throws {
        let (former, next, other) = (try key(), try key(), try key())
        let wrapped = try former.wrap(next)
        #expect(try former.unwrap(wrapped).checkValue == next.checkValue)
        #expect(try next.knowing(former).unwrap(wrapped).checkValue == next.checkValue)
        #expect(throws: MasterKeyError.openFailed) { try next.unwrap(wrapped) }
        #expect(throws: MasterKeyError.openFailed) { try next.knowing(former).alone.unwrap(wrapped) }
        #expect(throws: MasterKeyError.openFailed) { try other.unwrap(wrapped) }
        #expect(throws: MasterKeyError.openFailed) {
            try former.unwrap(try former.seal(Array(repeating: 7, count: 32), context: ""))
        }
    }

    @Test func `of several keys each opens what names its number`() throws {
        let (first, second) = (try key(), try key().numbered(2))
        let both = second.knowing(first)
        #expect(both.key(version: 1)?.checkValue == first.checkValue)
        #expect(both.key(version: 2)?.checkValue == second.checkValue)
        #expect(both.key(version: 3) == nil)
        #expect(both.alone.key(version: 1) == nil)
    }

    @Test func `which keys open a database, before, during and after a rotation`() throws {
        let (first, second, third) = (try key(), try key(), try key())
        let fresh = MasterKeyState()
        let one = MasterKeyState(check: first.checkValue)
        let both = MasterKeyState(
            check: second.checkValue, version: 2,
            former: MasterKeyState.Former(check: first.checkValue, wrapped: try first.wrap(second)))
        let two = MasterKeyState(check: second.checkValue, version: 2)
        let broken = MasterKeyState(
            check: second.checkValue, version: 2,
            former: MasterKeyState.Former(check: first.checkValue, wrapped: try first.wrap(third)))
        let cases: [(MasterKeyState, MasterKey, Int?)] = [
            (fresh, first, 1), (one, first, 1), (one, second, nil), (both, first, 2), (both, second, 2),
            (both, third, nil), (two, first, nil), (two, second, 2), (broken, first, nil),
        ]
        for (state, given, version) in cases {
            let opened = state.key(from: given)
            #expect(opened?.version == version)
            if let opened, version == 2 { #expect(opened.checkValue == second.checkValue) }
        }
        // Started with the former key, it still opens what that one sealed.
        #expect(both.key(from: first)?.key(version: 1)?.checkValue == first.checkValue)
    }

    @Test func `any changed or missing byte is found out`() throws {
        let key = try key()
        let sealed = try key.seal(Array("sk-secret".utf8), context: "be_1")
        for position in sealed.indices {
            var changed = sealed
            changed[position] ^= 1
            #expect(throws: MasterKeyError.openFailed) { try key.open(changed, context: "be_1") }
            #expect(throws: MasterKeyError.openFailed) { try key.open(Array(sealed.prefix(position)), context: "be_1") }
        }
    }

    @Test func `sealing twice gives different bytes`() throws {
        let key = try key()
        #expect(try key.seal([1, 2, 3], context: "") != key.seal([1, 2, 3], context: ""))
    }

    /// Test case 15 of the specification of GCM.
    @Test func `the algorithm is AES-256-GCM`() throws {
        let master = try MasterKey(base64: "/v/pkoZlcxxtao+UZzCDCP7/6ZKGZXMcbWqPlGcwgwg=")
        let sealed = bytes(
            "cafebabefacedbaddecaf888522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015adb094dac5d93471bdec1a502270e3cc6c")
        let plaintext = bytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255")
        #expect(try master.open(sealed, context: "") == plaintext)
    }

    private func bytes(_ hex: String) -> [UInt8] {
        stride(from: 0, to: hex.count, by: 2).compactMap { UInt8(hex.dropFirst($0).prefix(2), radix: 16) }
    }

    @Test(arguments: [
        ("", MasterKeyError.short), ("c2hvcnQ=", .short), ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", .short),
        ("not base 64!", .malformed), ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", .malformed),
        ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", .sample),
        ("/////////////////////////////////////////////w==", .malformed),
        ("//////////////////////////////////////////8=", .sample),
        ("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", .sample),
        ("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", .sample),
        ("Y2hhbmdlLW1lLWNoYW5nZS1tZS1jaGFuZ2UtbWUtY2g=", .sample),
    ])
    func `short, sample and malformed keys are refused`(text: String, error: MasterKeyError) {
        #expect(throws: error) { try MasterKey(base64: text) }
    }

    @Test func `white space around the key does not matter`() throws {
        let text = MasterKey.generate()
        #expect(try MasterKey(base64: " \(text)\r\n").checkValue == MasterKey(base64: text).checkValue)
    }

    @Test func `the check value tells keys apart`() throws {
        let (key, other) = (try key(), try key())
        #expect(key.checkValue == key.checkValue)
        #expect(key.checkValue != other.checkValue)
        #expect(key.checkValue.count == 32)
    }

    /// What databases hold already: HMAC-SHA256 of `tollgate master key check 1`, as `openssl mac` prints it.
    @Test func `the check value of a key never changes`() throws {
        let key = try MasterKey(base64: "4ufrC242VoHLRIhv0oPkwaFE3iNE57tXGrIBy+kscjI=")
        let expected = "e06504b74bd19191bed9071ec846720609c67f181196c64ebad033b8e72c6b32"
        #expect(SecretBytes.hex(key.checkValue) == expected)
        #expect(try SecretBytes.hex(key.digest(of: Array("tollgate master key check 1".utf8))) == expected)
    }

    @Test func `the key cannot be read from its description`() throws {
        let key = try key()
        var dumped = ""
        dump(key, to: &dumped)
        #expect("\(key) \(String(reflecting: key))" == "MasterKey MasterKey")
        #expect(!dumped.contains("UInt8"))
    }

    @Test func `base 64 is read back`() {
        for count in 0..<100 {
            let bytes = SecretBytes.random(count)
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        }
        #expect(Base64.encode(Array("any carnal pleas".utf8)) == "YW55IGNhcm5hbCBwbGVhcw==")
        for text in ["A", "AB=", "A===", "AB==C", "AC", "AB=C", "A B=", "Ag\u{0}="] {
            #expect(Base64.decode(text) == nil, "\(text)")
        }
        #expect(Base64.decode("AA") == [0], "padding may be left out")
    }

    @Test func `secret bytes compare by value`() {
        #expect(SecretBytes.constantTimeEquals([1, 2], [1, 2]))
        #expect(!SecretBytes.constantTimeEquals([1, 2], [1, 3]))
        #expect(!SecretBytes.constantTimeEquals([1, 2], [1]))
        #expect(SecretBytes.constantTimeEquals([], []))
        #expect(
            SecretBytes.hex(SecretBytes.sha256(Array("abc".utf8)))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
}
