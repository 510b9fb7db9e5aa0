cap_keyboarddisplay.btsnoop: btsnoop (Linux monitor)

Pairing 1 with 28:5F:DB:11:22:33: bonded: keys were exchanged and can be used again.

      6.219044  #437     host  Pairing Request                01 04 00 0d 10 05 07
                    KeyboardDisplay; OOB data not present; keys up to 16 bytes
                    Bonding, MITM, SC
                    initiator keys: EncKey, Sign
                    responder keys: EncKey, IdKey, Sign
      6.224619  #440     cuff  Pairing Response               02 03 00 01 10 05 01
                    NoInputNoOutput; OOB data not present; keys up to 16 bytes
                    Bonding, No MITM, Legacy
                    initiator keys: EncKey, Sign
                    responder keys: EncKey
      6.225334  #441     ----  the kernel asks whether to go on
      6.256336  #459     ----  bluetoothd or the agent says yes
      6.257289  #461     host  Pairing Confirm                03 .. (16 bytes, hidden)
      6.260556  #463     cuff  Pairing Confirm                03 .. (16 bytes, hidden)
      6.260758  #464     host  Pairing Random                 04 .. (16 bytes, hidden)
      6.270252  #469     cuff  Pairing Random                 04 .. (16 bytes, hidden)
      6.270647  #470     ----  encrypt the link
      6.293030  #478     ----  the link is encrypted
      6.315722  #498     cuff  Encryption Information         06 .. (16 bytes, hidden)
      6.316051  #499     cuff  Central Identification         07 61 1b 74 a9 eb 7f b5 df f0 ea
      6.316739  #501     ----  the kernel hands the new key over to be stored
      6.316773  #502     ----  the kernel hands the new key over to be stored
      6.316938  #503     ----  the kernel reports: paired (MGMT status 0x00)
      6.317082  #504     host  Encryption Information         06 .. (16 bytes, hidden)
      6.317096  #505     host  Central Identification         07 4e 51 8f b3 5d 3b 20 0d 03 e1
      6.317101  #506     host  Signing Information            0a .. (16 bytes, hidden)

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

