btmon-5.66-pairable_off.txt: btmon's text

Pairing 1 with 28:5F:DB:11:22:33: paired, but without keys to keep: the next connection begins anew.

      0.091820  #52      host  Pairing Request                01 03 00 08 10 00 02
                    NoInputNoOutput; OOB data not present; keys up to 16 bytes
                    No Bonding, No MITM, SC
                    initiator keys: none
                    responder keys: IdKey
      0.094967  #54      cuff  Pairing Response               02 03 00 01 10 00 00
                    NoInputNoOutput; OOB data not present; keys up to 16 bytes
                    Bonding, No MITM, Legacy
                    initiator keys: none
                    responder keys: none
      0.095082  #23      ----  the kernel asks whether to go on
      0.135437  #26      ----  bluetoothd or the agent says yes
      0.135784  #57      host  Pairing Confirm                03 .. (16 bytes, hidden)
      0.138478  #59      cuff  Pairing Confirm                03 .. (16 bytes, hidden)
      0.138618  #60      host  Pairing Random                 04 .. (16 bytes, hidden)
      0.148229  #62      cuff  Pairing Random                 04 .. (16 bytes, hidden)
      0.148345  #63      ----  encrypt the link
      0.155026  #66      ----  the link is encrypted

  What happened
  A program on the host asked for this pairing.
  The host's Pairing Request: NoInputNoOutput; No Bonding, No MITM, SC; keys
  up to 16 bytes. It would hand out: none. It wants from the cuff: IdKey.
  The cuff's Pairing Response: NoInputNoOutput; Bonding, No MITM, Legacy; keys
  up to 16 bytes. It takes from the host: none. It hands out: none.
  Together that gives LE legacy pairing with Just Works: an unauthenticated
  key of 16 bytes, not to be kept (no bonding). Keys to be sent by the host:
  none; by the cuff: none.
  The host was asked (bluetoothd or an agent), and agreed.
  It ended: paired, but without keys to keep: the next connection begins anew.

  Why, the likeliest first
  1. The host's adapter is not pairable, so its kernel makes no bond
     (not_pairable).
     For: The request (03 00 08 10 00 02) asks for no bonding (AuthReq 0x08).
       So does a Linux host that is not pairable.
     Do: Enter `bluetoothctl pairable on`. If a pairing without keys is left,
       `bluetoothctl remove ADDRESS` takes it away. Then pair again while P
       blinks.
     To tell: `bluetoothctl show` says "Pairable: yes", and the next Pairing
       Request asks for bonding (AuthReq 0x01 or 0x09).
  2. The host asked for a pairing without bonding, which leaves no keys
     (no_bonding_asked).
     For: The request (03 00 08 10 00 02) asks for no bonding (AuthReq 0x08).
     Do: Enter `bluetoothctl pairable on` with an agent registered, remove
       what is left with `bluetoothctl remove ADDRESS`, and pair again while P
       blinks.
     To tell: In another capture the AuthReq of the Pairing Request is 0x01 or
       0x09, and afterwards `bluetoothctl info ADDRESS` says "Bonded: yes".
  3. No agent was registered on the host, so nobody could agree to the pairing
     (no_agent).
     For: The request (03 00 08 10 00 02) asks for no bonding (AuthReq 0x08).
       So does a Linux host without an agent.
     Against: Without an agent the host was seen to give up; this one paired.
     Do: Pair with this gateway, which brings its own agent; or in
       bluetoothctl enter `agent NoInputNoOutput` and `default-agent`, and
       stay in it until the cuff is paired: the agent goes when you leave.
     To tell: `bluetoothctl show` says "Pairable: yes" before the next
       attempt, and in another capture the Pairing Request asks for bonding
       (AuthReq 0x01 or 0x09).

