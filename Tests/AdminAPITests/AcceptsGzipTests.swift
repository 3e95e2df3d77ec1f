import HTTPTypes
import Testing

@testable import AdminAPI

@Suite struct AcceptsGzipTests {
    private func accepts(_ values: [String]) -> Bool {
        var fields = HTTPFields()
        for value in values { fields.append(HTTPField(name: .acceptEncoding, value: value)) }
        return fields.acceptsGzip
    }

    @Test(arguments: [
        ["gzip"], ["br, gzip"], ["br", "gzip;q=0.1"], ["*"], ["GZIP ; q=1"], ["*;q=0, gzip"], ["identity;q=0, *;q=0.5"],
    ])
    func `gzip is taken by its name, or as one of all`(values: [String]) {
        #expect(accepts(values))
    }

    @Test(arguments: [[], [""], ["br"], ["gzip;q=0"], ["gzip; q=0.000"], ["*;q=0"], ["gzip;q=0, *"], ["x-gzip"]])
    func `what is refused by its name is not one of all`(values: [String]) {
        #expect(!accepts(values))
    }
}
