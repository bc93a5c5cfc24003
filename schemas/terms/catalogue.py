"""The built-in topics: what people teach and learn unless a programme's policy brings its own list.

Tech is two families of twelve: the programme is about far more than that.
"""

from typing import Final

from schemas.terms.codes import TopicFamily

BUILT_IN_TOPICS: Final[tuple[tuple[str, TopicFamily, str], ...]] = (
    ("python", TopicFamily.DIGITAL, "Python"),
    ("ai-assistants", TopicFamily.DIGITAL, "AI assistants"),
    ("social-media", TopicFamily.DIGITAL, "Social media"),
    ("cloud-basics", TopicFamily.DIGITAL, "Cloud basics"),
    ("cyber-hygiene", TopicFamily.DIGITAL, "Staying safe online"),
    ("data-literacy", TopicFamily.DATA, "Data literacy"),
    ("data-visualisation", TopicFamily.DATA, "Showing data"),
    ("spreadsheets", TopicFamily.DATA, "Spreadsheets"),
    ("strategy", TopicFamily.LEADERSHIP, "Strategy"),
    ("people-leadership", TopicFamily.LEADERSHIP, "Leading people"),
    ("leading-change", TopicFamily.LEADERSHIP, "Leading change"),
    ("decision-making", TopicFamily.LEADERSHIP, "Deciding under uncertainty"),
    ("giving-feedback", TopicFamily.MANAGEMENT, "Giving feedback"),
    ("budgeting", TopicFamily.MANAGEMENT, "Budgeting"),
    ("delegation", TopicFamily.MANAGEMENT, "Delegation"),
    ("project-management", TopicFamily.MANAGEMENT, "Project management"),
    ("work-life-balance", TopicFamily.WORK_LIFE_BALANCE, "Work-life balance"),
    ("parenting-and-work", TopicFamily.WORK_LIFE_BALANCE, "Parenting and work"),
    ("flexible-working", TopicFamily.WORK_LIFE_BALANCE, "Flexible working"),
    ("company-history", TopicFamily.CULTURE, "Company history"),
    ("working-across-cultures", TopicFamily.CULTURE, "Working across cultures"),
    ("generations-at-work", TopicFamily.CULTURE, "Generations at work"),
    ("career-planning", TopicFamily.CAREER, "Career planning"),
    ("changing-fields", TopicFamily.CAREER, "Changing fields"),
    ("building-a-network", TopicFamily.CAREER, "Building a network"),
    ("customer-insight", TopicFamily.CUSTOMER, "Customer insight"),
    ("negotiation", TopicFamily.CUSTOMER, "Negotiation"),
    ("stakeholder-management", TopicFamily.CUSTOMER, "Stakeholder management"),
    ("inclusion", TopicFamily.INCLUSION, "Inclusion"),
    ("accessibility", TopicFamily.INCLUSION, "Accessibility"),
    ("inclusive-language", TopicFamily.INCLUSION, "Inclusive language"),
    ("wellbeing", TopicFamily.WELLBEING, "Wellbeing"),
    ("handling-pressure", TopicFamily.WELLBEING, "Handling pressure"),
    ("healthy-habits", TopicFamily.WELLBEING, "Healthy habits"),
    ("future-of-work", TopicFamily.FUTURE_OF_WORK, "The future of work"),
    ("remote-teams", TopicFamily.FUTURE_OF_WORK, "Remote teams"),
    ("sustainability", TopicFamily.FUTURE_OF_WORK, "Sustainability at work"),
    ("storytelling", TopicFamily.CRAFT, "Storytelling"),
    ("presenting", TopicFamily.CRAFT, "Presenting"),
    ("clear-writing", TopicFamily.CRAFT, "Clear writing"),
    ("facilitation", TopicFamily.CRAFT, "Facilitation"),
)
"""Id, family, name; at least two in every family, each id once."""
