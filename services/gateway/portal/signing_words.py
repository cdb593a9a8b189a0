"""The words of signing in both languages. Hints are said as BankID recommends its relying parties to say them."""

from typing import Final

SWEDISH_SIGNING: Final[dict[str, str]] = {
    "title": "Underteckna erbjudande {number}", "offers": "Erbjudanden att underteckna",
    "what": "Det här undertecknar du", "digest": "Dokumentets kontrollsumma (SHA-256)",
    "expires": "Kan undertecknas till",
    "log_in": "Logga in med BankID",
    "unknown_person": "Vi känner inte till dig ännu. Kontakta kundservice, eller logga in på annat sätt.",
    "start": "Underteckna med BankID", "is_signed": "Undertecknat {at}", "again": "Försök igen", "cancel": "Avbryt",
    "this_device": "Öppna BankID på den här enheten", "code": "Kod att läsa av med BankID-appen i en annan mobil",
    "refresh": "Uppdatera", "to_offer": "Till erbjudandet", "done": "Undertecknat",
    "done_lead": "Avtalet är ändrat som du har undertecknat. Underskriften sparas tillsammans med det du har sett.",
    "starting": "Försöker starta BankID-appen.", "cancelled_here": "Åtgärden avbruten.",
    "unknown_pending": "Identifiering eller underskrift pågår.", "unknown_failed": "Okänt fel. Försök igen.",
    "outstandingTransaction": "Starta BankID-appen och läs av koden, eller öppna BankID på den här enheten.",
    "noClient": "Starta BankID-appen.",
    "started": "Söker efter BankID, det kan ta en liten stund. Har det gått några sekunder och inget BankID har hittats"
    " har du sannolikt inget som går att använda för den här underskriften.",
    "userMrtd": "Fotografera och läs av din ID-handling med BankID-appen.",
    "userCallConfirm": "Läs uppgifterna i BankID-appen och bekräfta samtalet.",
    "userSign": "Skriv in din säkerhetskod i BankID-appen och välj Skriv under.",
    "expiredTransaction": "BankID-appen svarar inte. Kontrollera att den är startad och att du har internetanslutning."
    " Försök sedan igen.",
    "certificateErr": "Det BankID du försöker använda är för gammalt eller spärrat. Använd ett annat BankID eller"
    " skaffa ett nytt hos din bank.",
    "userCancel": "Åtgärden avbruten.", "cancelled": "Åtgärden avbruten. Försök igen.",
    "startFailed": "BankID-appen kunde inte startas eller koden lästes inte av i tid. Försök igen.",
    "userDeclinedCall": "Åtgärden avbruten: du bekräftade inte samtalet.",
    "notSupportedByUserApp": "Din BankID-app är för gammal för det här. Uppdatera den och försök igen.",
    "transactionRiskBlocked": "Underskriften stoppades eftersom den bedömdes som riskabel. Kontakta kundservice.",
    "bankid_away": "BankID svarar inte just nu. Inget har hänt; försök igen om en stund.",
    "signing_off": "Det går inte att underteckna här just nu.",
    "only_administrators": "Bara kundens administratörer undertecknar avtal. Du kan läsa erbjudandet.",
    "only_looks": "Du är inloggad med en e-postlänk och kan bara läsa. Logga in på annat sätt för att underteckna.",
    "not_identified": "Vi känner inte till ditt personnummer och kan därför inte veta att det är du som undertecknar."
    " Kontakta kundservice.",
    "other_person": "En annan person än du har undertecknat i BankID-appen. Inget är ändrat.",
    "other_text": "Det som undertecknades är inte det som erbjuds. Inget är ändrat.",
    "other_document": "Det som undertecknades är inte det som erbjuds. Inget är ändrat.",
    "not_a_signing": "BankID svarade med något annat än en underskrift. Inget är ändrat.",
    "signature_unreadable": "BankID svarade med något annat än en underskrift. Inget är ändrat.",
    "signature_not_valid": "Underskriften från BankID är inte äkta. Inget är ändrat. Kontakta kundservice.",
    "certificate_not_trusted": "Underskriften kommer inte från BankID. Inget är ändrat. Kontakta kundservice.",
    "certificate_of_another": "BankID svarade med en annan persons underskrift. Inget är ändrat. Kontakta kundservice.",
    "status_not_valid": "Det gick inte att kontrollera att ditt BankID är giltigt. Inget är ändrat. Försök igen.",
    "certificate_revoked": "Ditt BankID är spärrat. Inget är ändrat. Använd ett annat BankID.",
    "nobody_waited": "Du godkände efter att sidan hade stängts, så ingen är inloggad. Försök igen.",
    "offer_signed": "Erbjudandet är redan undertecknat.",
    "offer_expired": "Erbjudandet har gått ut. Be om ett nytt.",
    "offer_replaced": "Erbjudandet har ändrats sedan du läste det. Läs det igen innan du undertecknar.",
    "contract_changed": "Avtalet har ändrats sedan erbjudandet gjordes. Be om ett nytt erbjudande.",
    "prices_changed": "Priserna har ändrats sedan erbjudandet gjordes. Be om ett nytt erbjudande.",
    "refused": "Erbjudandet kan inte tas emot längre. Inget är ändrat; be om ett nytt.",
}  # fmt: skip
ENGLISH_SIGNING: Final[dict[str, str]] = {
    "title": "Sign offer {number}", "offers": "Offers to sign",
    "what": "This is what you sign", "digest": "The document's checksum (SHA-256)", "expires": "Can be signed until",
    "log_in": "Log in with BankID",
    "unknown_person": "We do not know you yet. Contact customer service, or log in another way.",
    "start": "Sign with BankID", "is_signed": "Signed {at}", "again": "Try again", "cancel": "Cancel",
    "this_device": "Open BankID on this device", "code": "Code to scan with the BankID app on another device",
    "refresh": "Refresh", "to_offer": "To the offer", "done": "Signed",
    "done_lead": "The contract is changed as you have signed. The signature is kept together with what you were shown.",
    "starting": "Trying to start the BankID app.", "cancelled_here": "Action cancelled.",
    "unknown_pending": "Identification or signing in progress.", "unknown_failed": "Unknown error. Please try again.",
    "outstandingTransaction": "Start the BankID app and scan the code, or open BankID on this device.",
    "noClient": "Start your BankID app.",
    "started": "Searching for BankID, it may take a little while. If a few seconds have passed and still no BankID has"
    " been found, you probably have none that can be used for this signature.",
    "userMrtd": "Process your machine-readable travel document using the BankID app.",
    "userCallConfirm": "Read the details in the BankID app and confirm the call.",
    "userSign": "Enter your security code in the BankID app and select Sign.",
    "expiredTransaction": "The BankID app is not responding. Please check that it is started and that you have internet"
    " access. Then try again.",
    "certificateErr": "The BankID you are trying to use is blocked or too old. Please use another BankID or get a new"
    " one from your bank.",
    "userCancel": "Action cancelled.", "cancelled": "Action cancelled. Please try again.",
    "startFailed": "The BankID app could not be started, or the code was not scanned in time. Please try again.",
    "userDeclinedCall": "Action cancelled: you did not confirm the call.",
    "notSupportedByUserApp": "Your BankID app is too old for this. Update it and try again.",
    "transactionRiskBlocked": "The signature was stopped as too risky. Contact customer service.",
    "bankid_away": "BankID does not answer just now. Nothing has happened; try again in a while.",
    "signing_off": "Signing is not possible here just now.",
    "only_administrators": "Only the customer's administrators sign contracts. You may read the offer.",
    "only_looks": "You have logged in by an e-mail link and may only look. Log in another way to sign.",
    "not_identified": "We do not know your personal number, so we cannot tell that it is you who signs."
    " Contact customer service.",
    "other_person": "Somebody else than you signed in the BankID app. Nothing is changed.",
    "other_text": "What was signed is not what is offered. Nothing is changed.",
    "other_document": "What was signed is not what is offered. Nothing is changed.",
    "not_a_signing": "BankID answered with something else than a signature. Nothing is changed.",
    "signature_unreadable": "BankID answered with something else than a signature. Nothing is changed.",
    "signature_not_valid": "The signature from BankID is not genuine. Nothing is changed. Contact customer service.",
    "certificate_not_trusted": "The signature is not from BankID. Nothing is changed. Contact customer service.",
    "certificate_of_another": "BankID answered with another person's signature. Nothing is changed. Contact customer"
    " service.",
    "status_not_valid": "We could not check that your BankID is valid. Nothing is changed. Please try again.",
    "certificate_revoked": "Your BankID is blocked. Nothing is changed. Use another BankID.",
    "nobody_waited": "You approved after the page was closed, so nobody is logged in. Please try again.",
    "offer_signed": "The offer has been signed already.",
    "offer_expired": "The offer has expired. Ask for a new one.",
    "offer_replaced": "The offer has changed since you read it. Read it again before you sign.",
    "contract_changed": "The contract has changed since the offer was made. Ask for a new offer.",
    "prices_changed": "The prices have changed since the offer was made. Ask for a new offer.",
    "refused": "The offer can no longer be taken. Nothing is changed; ask for a new one.",
}  # fmt: skip

# What differs where somebody logs in, and nothing is signed.
LOG_IN: Final[dict[str, dict[str, str]]] = {
    "sv": {
        "started": "Söker efter BankID, det kan ta en liten stund. Har det gått några sekunder och inget BankID har"
        " hittats har du sannolikt inget som går att använda för den här identifieringen.",
        "userSign": "Skriv in din säkerhetskod i BankID-appen och välj Legitimera.",
        "transactionRiskBlocked": "Inloggningen stoppades eftersom den bedömdes som riskabel. Kontakta kundservice.",
        "other_text": "Det som godkändes är inte den här inloggningen. Du är inte inloggad. Försök igen.",
        "other_document": "Det som godkändes är inte den här inloggningen. Du är inte inloggad. Försök igen.",
        "not_a_signing": "BankID svarade med något annat än en identifiering. Du är inte inloggad. Försök igen.",
        "signature_unreadable": "BankID svarade med något annat än en identifiering. Du är inte inloggad. Försök igen.",
        "signature_not_valid": "Identifieringen från BankID är inte äkta. Du är inte inloggad. Kontakta kundservice.",
        "certificate_not_trusted": "Identifieringen kommer inte från BankID. Du är inte inloggad. Kontakta"
        " kundservice.",
        "certificate_of_another": "BankID svarade med en annan persons identifiering. Du är inte inloggad. Kontakta"
        " kundservice.",
        "status_not_valid": "Det gick inte att kontrollera att ditt BankID är giltigt. Du är inte inloggad. Försök"
        " igen.",
        "certificate_revoked": "Ditt BankID är spärrat. Du är inte inloggad. Använd ett annat BankID.",
        "refused": "Du är inte inloggad. Försök igen, eller kontakta kundservice.",
    },
    "en": {
        "started": "Searching for BankID, it may take a little while. If a few seconds have passed and still no BankID"
        " has been found, you probably have none that can be used for this identification.",
        "userSign": "Enter your security code in the BankID app and select Identify.",
        "transactionRiskBlocked": "The log-in was stopped as too risky. Contact customer service.",
        "other_text": "What was approved is not this log-in. You are not logged in. Please try again.",
        "other_document": "What was approved is not this log-in. You are not logged in. Please try again.",
        "not_a_signing": "BankID answered with something else than an identification. You are not logged in. Please try"
        " again.",
        "signature_unreadable": "BankID answered with something else than an identification. You are not logged in."
        " Please try again.",
        "signature_not_valid": "The identification from BankID is not genuine. You are not logged in. Contact customer"
        " service.",
        "certificate_not_trusted": "The identification is not from BankID. You are not logged in. Contact customer"
        " service.",
        "certificate_of_another": "BankID answered with another person's identification. You are not logged in. Contact"
        " customer service.",
        "status_not_valid": "We could not check that your BankID is valid. You are not logged in. Please try again.",
        "certificate_revoked": "Your BankID is blocked. You are not logged in. Use another BankID.",
        "refused": "You are not logged in. Please try again, or contact customer service.",
    },
}  # fmt: skip


def said(state: str, reason: str, words: dict[str, str]) -> str:
    """Say how an order stands; a hint that nobody knows yet is told from others by its state alone."""
    if state == "signed":
        return words["done"]
    if state == "starting" or (state == "pending" and not reason):
        return words["starting"]
    if state == "cancelled":
        return words["cancelled_here"]
    unknown = {"pending": "unknown_pending", "refused": "refused"}.get(state, "unknown_failed")
    return words.get(reason, words[unknown])
