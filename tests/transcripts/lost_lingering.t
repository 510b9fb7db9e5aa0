# All is read; the cuff hangs up by itself, as it likes best.
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply ok
> collect [collecting]
> read 2a49
< drained
> none [lingering]
< value 2a35 04780050005d004800
> measurement user=1 120/80 pulse=72 mean=93
< lost
> rest [resting] 60.0s failures=0
