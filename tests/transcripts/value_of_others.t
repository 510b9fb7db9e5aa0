# The pressure while inflating and the battery level are understood, and no measurement; anything else
# is not for this driver.
< connected
> none [resolving]
< value 2a36 007800ff07ff07
> understood
< value 2a19 4b
> understood
< facts
> facts battery=75
< value 2a19 65
> refused ERANGE
< value 2a19
> refused EBADMSG
< facts
> facts battery=75
< value 2a37 0048
> refused ENOTSUP
