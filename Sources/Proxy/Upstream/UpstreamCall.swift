/// One call in flight; used on the event loop only, and without effect once the call has ended.
protocol UpstreamCall: AnyObject {
    /// How far the call has got: what a failure at this moment would be.
    var stage: UpstreamError.Stage { get }
    /// Closes the upstream connection at once; the delegate hears nothing more.
    func cancel()
    /// Stops reading from the backend; a bounded amount already read is kept back until `resume()`.
    func pause()
    func resume()
}
