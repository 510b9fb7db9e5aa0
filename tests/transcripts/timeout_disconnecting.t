# Nobody answers the disconnection; the session ends all the same.
< seen
> connect [connecting]
< timeout
> disconnect [disconnecting]
< timeout
> rest [resting] 5.0s failures=1
< timeout
> none [idle]
< timeout
> ignore [idle]
