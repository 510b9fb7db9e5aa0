btmon-5.66-cap_keyboarddisplay.txt: btmon's text

Pairing 1 with 28:5F:DB:11:22:33: bonded: keys were exchanged and can be used again.

      0.102540  #52      host  Pairing Request                01 04 00 0d 10 05 07
                    KeyboardDisplay; OOB data not present; keys up to 16 bytes
                    Bonding, MITM, SC
                    initiator keys: EncKey, Sign
                    responder keys: EncKey, IdKey, Sign
      0.108115  #54      cuff  Pairing Response               02 03 00 01 10 05 01
                    NoInputNoOutput; OOB data not present; keys up to 16 bytes
                    Bonding, No MITM, Legacy
                    initiator keys: EncKey, Sign
                    responder keys: EncKey
      0.108830  #22      ----  the kernel asks whether to go on
      0.139832  #26      ----  bluetoothd or the agent says yes
      0.140785  #57      host  Pairing Confirm                03 .. (16 bytes, hidden)
      0.144052  #59      cuff  Pairing Confirm                03 .. (16 bytes, hidden)
      0.144254  #60      host  Pairing Random                 04 .. (16 bytes, hidden)
      0.153748  #62      cuff  Pairing Random                 04 .. (16 bytes, hidden)
      0.154143  #63      ----  encrypt the link
      0.176526  #66      ----  the link is encrypted
      0.199218  #72      cuff  Encryption Information         06 .. (16 bytes, hidden)
      0.199547  #73      cuff  Central Identification         07 61 1b 74 a9 eb 7f b5 df f0 ea
      0.200235  #46      ----  the kernel hands the new key over to be stored
      0.200269  #47      ----  the kernel hands the new key over to be stored

  What happened
  A program on the host asked for this pairing.
  The host's Pairing Request: KeyboardDisplay; Bonding, MITM, SC; keys up to
  16 bytes. It would hand out: EncKey, Sign. It wants from the cuff: EncKey,
  IdKey, Sign.
  The cuff's Pairing Response: NoInputNoOutput; Bonding, No MITM, Legacy; keys
  up to 16 bytes. It takes from the host: EncKey, Sign. It hands out: EncKey.
  Together that gives LE legacy pairing with Just Works: an unauthenticated
  key of 16 bytes, to be kept (bonding). Keys to be sent by the host: EncKey,
  Sign; by the cuff: EncKey.
  The host was asked (bluetoothd or an agent), and agreed.
  It ended: bonded: keys were exchanged and can be used again.

