/// One call in flight; used on the event loop only, and without effect once the call has ended.
protocol UpstreamCall: AnyObject {
    /// Closes the upstream connection at once; the delegate hears nothing more.
    func cancel()
    /// Stops reading from the backend; a bounded amount already read is kept back until `resume()`.
    func pause()
    func resume()
}
