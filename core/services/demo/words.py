"""What stands in the slots of the texts."""

from random import Random

from core.services.demo.scripts import Deck

WORDS: dict[str, tuple[str, ...]] = {
    "product": (
        "Sprout 3", "Sprout Mini", "Rootline", "Fernpost", "Mossbox", "Canopy Hub", "Dewpoint", "Fieldmouse",
        "Orchard Kit", "Tillage Node", "Bramble", "Wellhead",
    ),
    "part": (
        "antenna", "battery door", "moisture probe", "solar cell", "valve body", "gasket", "mounting bracket",
        "radio module", "cable gland", "top shell", "pressure sensor", "status light", "mainboard", "O-ring",
    ),
    "supplier": (
        "Halberg Plastics", "Nordmann Electronics", "Okapi Circuits", "Serra Valves", "Tidewater Packaging",
        "Brenner & Söhne", "Kilima Logistics", "Costa Cabos", "Polder Print", "Vasudha Cells",
    ),
    "customer": (
        "Greenacre Growers", "Van Dalen Nurseries", "Quinta do Vale", "Rift Valley Roses", "Obstbau Lehmann",
        "Parks of Porto", "Laurentide Orchards", "Kaveri Tea Estates", "Stadtgrün Leipzig", "Mwea Rice Co-op",
        "Hillside Vineyards", "Botanischer Garten Jena", "Thika Greenhouses", "Maple Court Gardens", "Algarve Citrus",
        "Westfield Allotments",
    ),
    "city": (
        "Leipzig", "Porto", "Nairobi", "Pune", "Montréal", "Utrecht", "Lyon", "Bologna", "Kraków", "Valencia",
        "Nakuru", "Mysuru", "Québec", "Ghent", "Faro", "Dresden", "Eldoret",
    ),
    "place": (
        "the blue room", "the greenhouse", "the canteen", "room 2.04", "the loft", "the workshop",
        "the small kitchen", "the courtyard",
    ),
    "app": (
        "Harvest app", "installer app", "customer portal",
        "partner page", "status page", "web shop", "field console",
    ),
    "service": (
        "ingest", "scheduler", "billing-sync", "weather-feed", "notifier", "device-gateway", "report-builder",
        "auth-proxy", "map-tiles", "firmware-mirror",
    ),
    "metric": (
        "trial-to-paid rate", "first-response time", "churn", "on-time delivery", "return rate", "battery life",
        "open rate", "pipeline coverage", "scrap rate", "gross margin", "activation rate",
    ),
    "tool": ("the ERP", "the CRM", "the wiki", "the label printer", "the VPN", "the expense form", "the phone system"),
    "topic": (
        "soil moisture", "frost warnings", "drip schedules", "battery life", "leak detection", "leaf temperature",
        "rain forecasts", "pump pressure", "solar charging",
    ),
    "campaign": (
        "spring planting", "“Water less”", "balcony season", "the allotment letter", "winter storage",
        "the orchard guide", "“Know your soil”", "back to the garden", "the refer-a-neighbour week",
    ),
    "fair": (
        "the trade fair in Cologne", "GreenTech Amsterdam",
        "Agro Nairobi", "the garden show in Lyon", "Expo Agrícola",
    ),
    "file": (
        "forecast.xlsx", "pricing-draft.pdf", "packing-list.csv", "floor-plan.pdf", "interview-notes.md",
        "returns.xlsx", "roadmap.pdf", "measurements.csv",
    ),
    "food": (
        "samosas", "apple strudel", "pastéis de nata", "mandazi", "blueberry crumble", "cardamom buns",
        "a lemon cake", "cheese scones", "plum dumplings", "a tray of baklava", "maple cookies", "dosa",
        "a pot of pumpkin soup",
    ),
    "weekday": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
    "hour": ("9:00", "9:30", "10:00", "10:15", "11:00", "11:30", "13:00", "13:45", "14:00", "14:30", "15:00", "16:15"),
    "month": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ),
    "ticket": ("LG-{a:1000-9999}", "FW-{a:100-999}", "SUP-{a:10000-48000}", "OPS-{a:200-1900}"),
    "version": ("{av:2-4}.{aw:0-18}", "{av:2-4}.{aw:0-18}.{ax:1-9}"),
    "branch": (
        "fix/queue-drain", "feat/frost-alerts", "chore/deps",
        "fix/time-zones", "feat/csv-export", "fix/retry-storm",
    ),
    "hobby": (
        "bouldering", "the choir", "five-a-side", "sourdough", "birdwatching", "a half marathon", "pottery", "chess",
        "wild swimming", "learning Swahili", "the allotment",
    ),
    "skill": (
        "spreadsheets", "public speaking", "soldering",
        "photo editing", "SQL", "negotiating", "writing release notes",
    ),
    "law": ("the battery regulation", "the packaging register", "the right-to-repair directive", "the radio directive"),
    "thanks": (
        "Thanks, {other}!", "Perfect, thank you.", "Great, that helps a lot.", "You're a star.",
        "Thank you, exactly what I needed.", "Lovely, thanks for the quick reply.", "Much appreciated.",
        "Ah, wonderful. Thanks!", "Brilliant, thank you both.", "That saves my afternoon.",
        "Thanks for digging that up.", "Very kind, thank you.", "Cheers!", "Merci, {other}.", "Obrigado!",
        "Danke dir!", "Asante sana.", "Thanks, noted.", "Super, thank you.", "Thank you, I'll take it from here.",
        "Good to know, thanks.", "Thanks for taking the time, {other}.", "Saved me an hour, thank you.",
        "Top, thanks.", "Thanks a million.", "Got it, thank you.", "That answers it, thanks.",
        "Thanks, you're quicker than the wiki.", "Nice one, thanks.", "Grateful as always.",
        "Thanks, I owe you a coffee.", "Excellent. Thank you!",
    ),
    "ok": (
        "Works for me.", "Fine with me.", "Sounds good.", "Yes, let's do that.", "Agreed.", "Makes sense to me.",
        "I'm in.", "Good plan.", "No objections here.", "Go ahead.", "All right, let's.", "+1 from our side.",
        "That's the pragmatic way.", "Yes please.", "Happy with that.", "OK, I'll plan for it.", "Sure thing.",
        "Good by me, {other}.", "Let's try it.", "I can live with that.", "Deal.", "That's reasonable.",
        "Then it's settled.", "Yes, and let's write it down.", "Right, do it.", "Approved from my end.",
        "Count me in.", "Good idea, {other}.", "Let's go with that, then.",
    ),
    "later": (
        "I'll come back to you after lunch.", "Give me until {hour}.", "On it, should be quick.", "Looking now.",
        "I'll check and report back.", "One moment, opening it.", "Will do this afternoon.",
        "Can do, tomorrow morning at the latest.", "On my list for today.", "Let me ask around.",
        "I'll have a look right after stand-up.", "Taking it.", "I'll sit down with it at {hour}.",
        "Leave it with me.", "In a meeting, will look in twenty minutes.", "Checking.",
        "I'll try it on my machine first.", "Let me pull the numbers.", "I have it open already.",
        "Back in ten minutes with an answer.",
    ),
    "done": (
        "Done.", "Done and checked.", "It's in.", "All set.", "Finished, please have a look.", "There we go.",
        "Sorted.", "That's done now.", "Updated.", "Just did it.", "Closed.", "Ticked off.", "Ready when you are.",
        "And done, {other}.", "Took five minutes.", "It's live.", "Uploaded.", "Should be visible now.", "Cleared.",
        "Done, reload the page.",
    ),
    "sigh": (
        "Ah, that explains it.", "Hm, odd.", "Good catch.", "I was afraid of that.", "Interesting.", "Oh, I see.",
        "Not again…", "That rings a bell.", "Well spotted, {other}.", "I wondered about that too.", "Fair point.",
        "That was quick.", "Now I understand.", "Oops, my mistake.", "Never seen that before.",
        "True, I had forgotten.", "Right, of course.", "That would fit.", "Puzzling.", "Oh dear.", "Hah, typical.",
        "Strange, it worked yesterday.",
    ),
}  # fmt: skip


ALSO = {"weekday2": "weekday"}
"""A second one of the same words."""


class Vocabulary:
    """Of one room, or of one person's chats: what was said lately is not said again."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self._decks = {name: Deck(chance, words) for name, words in WORDS.items()}

    def __call__(self, name: str) -> str:
        return self._decks[ALSO.get(name, name)].take()
