import NIOCore

/// Spans as the JSON of OpenTelemetry's protocol (`ExportTraceServiceRequest`): ids in hexadecimal, 64-bit integers as
/// strings. Source: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
struct SpanDocument {
    /// The gateway's own version.
    let version: String

    /// The request's body.
    func bytes(_ spans: [Span]) -> ByteBuffer {
        var json = JSONWriter(capacity: 1024 * (spans.count + 1))
        json.object { json in
            json.key("resourceSpans")
            json.array { json in
                json.object { json in
                    json.key("resource")
                    json.object { json in
                        attributes(
                            [
                                Span.Attribute(name: "service.name", value: .text("tollgate")),
                                Span.Attribute(name: "service.version", value: .text(version)),
                            ], &json)
                    }
                    json.key("scopeSpans")
                    json.array { json in
                        json.object { json in
                            json.key("scope")
                            json.object { json in
                                json.key("name")
                                json.string("tollgate")
                            }
                            json.key("spans")
                            json.array { json in
                                for span in spans { write(span, &json) }
                            }
                        }
                    }
                }
            }
        }
        return json.buffer
    }

    private func write(_ span: Span, _ json: inout JSONWriter) {
        json.object { json in
            json.key("traceId")
            json.string(TraceContext.hex(span.context.traceHigh) + TraceContext.hex(span.context.traceLow))
            json.key("spanId")
            json.string(TraceContext.hex(span.context.spanID))
            if let parent = span.parentID {
                json.key("parentSpanId")
                json.string(TraceContext.hex(parent))
            }
            json.key("name")
            json.string(span.name)
            json.key("kind")
            json.integer(span.kind.rawValue)
            json.key("startTimeUnixNano")
            json.string(String(span.start))
            json.key("endTimeUnixNano")
            json.string(String(span.end))
            attributes(span.attributes, &json)
            if span.isFailed {
                json.key("status")
                json.object { json in
                    json.key("code")
                    json.integer(2)
                }
            }
        }
    }

    private func attributes(_ attributes: [Span.Attribute], _ json: inout JSONWriter) {
        json.key("attributes")
        json.array { json in
            for attribute in attributes {
                json.object { json in
                    json.key("key")
                    json.string(attribute.name)
                    json.key("value")
                    value(attribute.value, &json)
                }
            }
        }
    }

    private func value(_ value: Span.Value, _ json: inout JSONWriter) {
        json.object { json in
            switch value {
            case .text(let text):
                json.key("stringValue")
                json.string(text)
            case .integer(let number):
                json.key("intValue")
                json.string(String(number))
            case .flag(let flag):
                json.key("boolValue")
                json.bool(flag)
            case .number(let text):
                json.key("doubleValue")
                json.number(text)
            case .texts(let texts):
                json.key("arrayValue")
                json.object { json in
                    json.key("values")
                    json.array { json in
                        for text in texts { self.value(.text(text), &json) }
                    }
                }
            }
        }
    }
}
