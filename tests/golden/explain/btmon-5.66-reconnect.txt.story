btmon-5.66-reconnect.txt: btmon's text

Pairing 1 with 28:5F:DB:11:22:33: encrypted with the key of an earlier pairing.

      0.066046  #98      ----  encrypt the link with a key from before
      0.067009  #100     ----  the link is encrypted

  What happened
  It ended: encrypted with the key of an earlier pairing.

