# The cuff fell silent: Connect is cancelled, and the reply to Disconnect stands for the lost link.
< seen
> connect [connecting]
< timeout
> disconnect [disconnecting]
< lost
> rest [resting] 5.0s failures=1
< timeout
> none [idle]
