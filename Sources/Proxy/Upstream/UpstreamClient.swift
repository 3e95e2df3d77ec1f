/// Makes calls to backends from one event loop.
protocol UpstreamClient: AnyObject {
    /// Starts a call; the delegate is kept until its end and never called before this returns.
    func send(_ request: UpstreamRequest, delegate: any UpstreamDelegate) -> any UpstreamCall
    /// Fails the calls in flight and closes every connection; later calls fail as not sent.
    /// To be called on the event loop before the loop itself is shut down.
    func shutdown()
}
