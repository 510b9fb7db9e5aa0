# Resolved, then gone before the subscription stood: a failure, the bond is beyond doubt.
< seen
> connect [connecting]
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< lost
> rest [resting] 5.0s failures=1
