# A cuff without 2A35 speaks another language.
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply error ENOENT
> failed ENOENT
> disconnect [disconnecting]
< lost
> rest [resting] 5.0s failures=1
