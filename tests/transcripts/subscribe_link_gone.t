# The link broke, and the reply to StartNotify says so before BlueZ's signal does.
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply error ENOTCONN
> failed ENOTCONN
> rest [resting] 5.0s failures=1
< lost
> ignore [resting]
