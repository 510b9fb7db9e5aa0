# A stop neither adds a failure nor forgives the one before it; and where nothing is linked, there is
# nothing to stop.
< stop
> ignore [idle]
< seen
> connect [connecting]
< lost
> rest [resting] 5.0s failures=1
< stop
> ignore [resting]
< timeout
> none [idle]
< seen
> connect [connecting]
< stop
> disconnect [disconnecting]
< stop
> ignore [disconnecting]
< lost
> rest [resting] 5.0s failures=1
< timeout
> none [idle]
< seen
> connect [connecting]
< lost
> rest [resting] 10.0s failures=2
