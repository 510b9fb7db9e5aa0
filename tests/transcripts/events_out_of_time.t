# What a state does not list changes nothing.
< resolved
> ignore [idle]
< lost
> ignore [idle]
< news
> ignore [idle]
< seen
> connect [connecting]
< seen
> ignore [connecting]
< subscribed
> ignore [connecting]
< connected
> none [resolving]
< refused
> ignore [resolving]
< drained
> ignore [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply ok
> collect [collecting]
> read 2a49
< resolved
> ignore [collecting]
< bond_needed
> ignore [collecting]
< lost
> rest [resting] 60.0s failures=0
< seen
> ignore [resting]
< lost
> ignore [resting]
