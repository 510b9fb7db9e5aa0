# A bonded cuff advertises after a measurement: everything it offers is read, its clock is right,
# it hangs up when it is done. That is no failure: the cool-down follows, then the next advert.
< now 2026-03-01T10:00:00 synchronised
< seen
> connect [connecting]
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply ok
> collect [collecting]
> read 2a49
< value 2a35 1e830054006300ea070301093a004300010000
> measurement user=1 131/84 pulse=67 mean=99 taken=2026-03-01T09:58:00 irregular=no movement=no fit_ok=yes position_ok=yes
< reply 0700
> read 2a19
< reply 50
> read 2a24
< reply 425037333530
> read 2a25
< reply 3230323630333031
> read 2a26
< reply 312e3033
> read 2a27
< reply 3031
> read 2a29
< reply 4f4d524f4e
> read 2a2b
< reply ea0703010a0003070001
> wait
< facts
> facts model="BP7350" serial="20260301" firmware="1.03" hardware="01" manufacturer="OMRON" battery=80 feature=movement,fit,irregular clock=read drift=+3s
< lost
> rest [resting] 60.0s failures=0
< timeout
> none [idle]
< seen
> connect [connecting]
