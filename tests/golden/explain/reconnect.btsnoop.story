reconnect.btsnoop: btsnoop (Linux monitor)

Pairing 1 with 28:5F:DB:11:22:33: bonded: keys were exchanged and can be used again.

      5.510943  #436     host  Pairing Request                01 03 00 09 10 05 07
                    NoInputNoOutput; OOB data not present; keys up to 16 bytes
                    Bonding, No MITM, SC
                    initiator keys: EncKey, Sign
                    responder keys: EncKey, IdKey, Sign
      5.517376  #439     cuff  Pairing Response               02 03 00 01 10 00 01
                    NoInputNoOutput; OOB data not present; keys up to 16 bytes
                    Bonding, No MITM, Legacy
                    initiator keys: none
                    responder keys: EncKey
      5.517478  #440     ----  the kernel asks whether to go on
      5.546899  #459     ----  bluetoothd or the agent says yes
      5.547224  #461     host  Pairing Confirm                03 .. (16 bytes, hidden)
      5.551810  #463     cuff  Pairing Confirm                03 .. (16 bytes, hidden)
      5.551950  #464     host  Pairing Random                 04 .. (16 bytes, hidden)
      5.561048  #469     cuff  Pairing Random                 04 .. (16 bytes, hidden)
      5.561174  #470     ----  encrypt the link
      5.570079  #478     ----  the link is encrypted
      5.590883  #496     cuff  Encryption Information         06 .. (16 bytes, hidden)
      5.591183  #497     cuff  Central Identification         07 43 4e 09 5b 04 77 cb 25 38 ce

  What happened
  A program on the host asked for this pairing.
  The host's Pairing Request: NoInputNoOutput; Bonding, No MITM, SC; keys up
  to 16 bytes. It would hand out: EncKey, Sign. It wants from the cuff:
  EncKey, IdKey, Sign.
  The cuff's Pairing Response: NoInputNoOutput; Bonding, No MITM, Legacy; keys
  up to 16 bytes. It takes from the host: none. It hands out: EncKey.
  Together that gives LE legacy pairing with Just Works: an unauthenticated
  key of 16 bytes, to be kept (bonding). Keys to be sent by the host: none; by
  the cuff: EncKey.
  The host was asked (bluetoothd or an agent), and agreed.
  It ended: bonded: keys were exchanged and can be used again.

Pairing 2 with 28:5F:DB:11:22:33: encrypted with the key of an earlier pairing.

      5.651884  #530     cuff  Security Request               0b 01
                    Bonding, No MITM, Legacy
      5.652173  #531     ----  encrypt the link with a key from before
      5.652959  #533     ----  the link is encrypted

  What happened
  The cuff asked for security (0x01: Bonding, No MITM, Legacy).
  It ended: encrypted with the key of an earlier pairing.

Pairing 3 with 28:5F:DB:11:22:33: encrypted with the key of an earlier pairing.

      6.754634  #597     ----  encrypt the link with a key from before
      6.755597  #599     ----  the link is encrypted
      6.897841  #645     cuff  Security Request               0b 01
                    Bonding, No MITM, Legacy
      6.898140  #646     ----  encrypt the link with a key from before
      6.899203  #648     ----  the link is encrypted

  What happened
  The cuff asked for security (0x01: Bonding, No MITM, Legacy).
  It ended: encrypted with the key of an earlier pairing.

