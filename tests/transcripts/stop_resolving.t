# A stop before the services are known counts neither as a failure nor as a lost link.
< connected
> none [resolving]
< stop
> disconnect [disconnecting]
< lost
> rest [resting] 60.0s failures=0
