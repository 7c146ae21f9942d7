"""Credentials of mail, chat and telephone services, and addresses that post without any other."""

from promptguard_gateway.detectors.secrets.checks import has_digit, is_discord_user, is_mixed
from promptguard_gateway.detectors.secrets.formats import CHECKED, UUID, issued, unless

PATTERNS = (
    issued(
        "slack_token",
        r"\bxox[abeoprs](?:\.xox[a-z])?-[A-Za-z0-9-]{10}",
        "Slack: token types",
        validate=has_digit,
        rest="[A-Za-z0-9-]",
    ),
    issued("slack_app_token", r"\bxapp-\d-[A-Za-z0-9-]{20}", "Slack: app-level tokens", rest="[A-Za-z0-9-]"),
    issued(
        "slack_webhook",
        r"(?:\bhttps://)?\bhooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_-]{20}",
        "Slack: incoming webhooks",
        rest="[A-Za-z0-9/_-]",
    ),
    issued(
        "discord_webhook",
        r"(?:\bhttps://)?\b(?:canary\.|ptb\.)?discord(?:app)?\.com/api/(?:v\d{1,2}/)?webhooks/\d{15,21}/[A-Za-z0-9_-]{40}",
        "Discord: webhooks",
        rest="[A-Za-z0-9_-]",
    ),
    issued(
        "discord_bot",
        r"\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27,40}",
        "Discord: bot authorization",
        doubts=(unless(is_discord_user, 0.92),),
    ),
    issued(
        "teams_webhook",
        rf"\bhttps://[a-z0-9-]{{1,40}}\.webhook\.office\.com/webhookb2/{UUID}@{UUID}/IncomingWebhook/[0-9a-f]{{32}}/{UUID}",
        "Microsoft Teams: incoming webhooks",
    ),
    issued(
        "google_chat_webhook",
        r"\bhttps://chat\.googleapis\.com/v1/spaces/[A-Za-z0-9_-]{5,40}/messages\?key=[A-Za-z0-9_-]{30,50}&token=[A-Za-z0-9_%-]{30,60}",
        "Google Chat: webhooks",
    ),
    issued("feishu_webhook", rf"\bopen\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook/{UUID}", "Feishu: bots"),
    issued(
        "dingtalk_webhook", r"\boapi\.dingtalk\.com/robot/send\?access_token=[0-9a-f]{64}\b", "DingTalk: custom robots"
    ),
    issued("wecom_webhook", rf"\bqyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key={UUID}", "WeCom: group robots"),
    issued("zapier_webhook", r"\bhooks\.zapier\.com/hooks/catch/\d{4,12}/[A-Za-z0-9]{5,20}", "Zapier: webhooks"),
    issued("telegram_bot", r"\b\d{8,10}:AA[A-Za-z0-9_-]{32,34}", "Telegram: bots"),
    issued("twilio", r"\bSK[0-9a-f]{32}\b", "Twilio: API keys", score=0.91),
    issued("sendgrid", r"\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}", "SendGrid: API keys"),
    issued("mailgun", r"\bkey-[0-9a-f]{32}\b", "Mailgun: API keys", score=0.91),
    issued("mailgun_key", r"\b[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}\b", "Mailgun: API keys", score=0.86),
    issued("mailchimp", r"\b[0-9a-f]{32}-us\d{1,2}\b", "Mailchimp: API keys"),
    issued("mandrill", r"\bmd-[A-Za-z0-9_-]{22}\b", "Mailchimp Transactional: API keys", validate=is_mixed),
    issued("brevo", r"\bx(?:key|smtp)sib-[0-9a-f]{64}-[A-Za-z0-9]{16}\b", "Brevo: API keys"),
    issued("resend", r"\bre_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}\b", "Resend: API keys", validate=is_mixed),
    issued("mailersend", r"\bmlsn\.[0-9a-f]{64}\b", "MailerSend: API tokens"),
    issued("facebook", r"\bEAA[A-Z][A-Za-z0-9]{60}", "Meta: access tokens", rest="[A-Za-z0-9]"),
    issued("twitter_bearer", r"\bA{21}[A-Za-z0-9%]{30}", "X API: bearer tokens", rest="[A-Za-z0-9%]"),
    issued("onesignal", r"\bos_v2_(?:app|org)_[a-z2-7]{90,120}\b", "OneSignal: keys"),
    issued("intercom", r"\bdG9rO[A-Za-z0-9+/]{50,70}={0,2}", "Intercom: access tokens"),
    issued(
        "matrix",
        r"\bsyt_[A-Za-z0-9+/_-]{2,80}_[A-Za-z]{20}_[A-Za-z0-9]{6}\b",
        "Matrix Synapse: access tokens",
        score=CHECKED,
    ),
)
