# Failures in a row double the rest up to five minutes; a session that collects forgives them all.
< seen
> connect [connecting]
< refused
> rest [resting] 5.0s failures=1
< timeout
> none [idle]
< seen
> connect [connecting]
< refused
> rest [resting] 10.0s failures=2
< timeout
> none [idle]
< seen
> connect [connecting]
< refused
> rest [resting] 20.0s failures=3
< timeout
> none [idle]
< seen
> connect [connecting]
< refused
> rest [resting] 40.0s failures=4
< timeout
> none [idle]
< seen
> connect [connecting]
< refused
> rest [resting] 80.0s failures=5
< timeout
> none [idle]
< seen
> connect [connecting]
< refused
> rest [resting] 160.0s failures=6
< timeout
> none [idle]
< seen
> connect [connecting]
< refused
> rest [resting] 300.0s failures=7
< timeout
> none [idle]
< seen
> connect [connecting]
< refused
> rest [resting] 300.0s failures=8
< news
> none [idle]
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply ok
> collect [collecting]
> read 2a49
< lost
> rest [resting] 60.0s failures=0
< timeout
> none [idle]
< seen
> connect [connecting]
< refused
> rest [resting] 5.0s failures=1
