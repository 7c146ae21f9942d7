"""Credentials of mail, chat and telephone services."""

from base64 import b64encode

from detectors.secrets.pieces import UUID, base64, both, check_patterns, drawn, hexa
from promptguard_gateway.detectors.secrets import messaging

BOT = b64encode(b"814567890123456789").decode().rstrip("=")
EXAMPLES = {
    "slack_token": (
        ["xox" + "b-" + "2345678901-" + both(24), "xox" + "e.xox" + "p-1-" + both(60)],
        ["xoxo-hugs-and-kisses", "xox" + "b-your-bot-token"],
    ),
    "slack_app_token": (["xa" + "pp-1-" + both(30)], ["xapp-1"]),
    "slack_webhook": (
        ["https://hooks.slack" + ".com/services/T0AB/B1CD/" + both(24)],
        ["https://slack.com/services/help", "https://hooks.slack" + ".com/services/T000/B000/" + "X" * 24],
    ),
    "discord_webhook": (
        ["https://discord" + ".com/api/webhooks/123456789012345678/" + both(68)],
        ["https://discord.com/api/users"],
    ),
    "discord_bot": (
        [BOT + ".Ab" + "cDeF." + both(38)],
        ["My.long.sentence", "Module_name_of_something.method.another_name"],
    ),
    "teams_webhook": (
        [f"https://corp.webhook.office.com/webhookb2/{UUID}@{UUID}/IncomingWebhook/{hexa(32)}/{UUID}"],
        ["https://corp.webhook.office.com/"],
    ),
    "google_chat_webhook": (
        ["https://chat.googleapis.com/v1/spaces/AAAAbbbb/messages?key=AIza" + both(35) + "&token=" + both(43)],
        ["https://chat.googleapis.com/v1/spaces/AAAA/messages"],
    ),
    "feishu_webhook": (["https://open.feishu.cn/open-apis/bot/v2/hook/" + UUID], ["https://open.feishu.cn/"]),
    "dingtalk_webhook": (
        ["https://oapi.dingtalk.com/robot/send?access_token=" + hexa(64)],
        ["https://oapi.dingtalk.com/robot/send?access_token="],
    ),
    "wecom_webhook": (
        ["https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=" + UUID],
        ["https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=KEY"],
    ),
    "zapier_webhook": (["https://hooks.zapier.com/hooks/catch/1234567/ab7cd8e/"], ["https://hooks.zapier.com/hooks"]),
    "telegram_bot": (["123456789" + ":AA" + both(33)], ["123456789:BB", "12:30:AA meeting"]),
    "twilio": (["SK" + hexa(32)], ["SK" + hexa(20)]),
    "sendgrid": (["SG" + "." + both(22) + "." + both(43)], ["SG.1.2"]),
    "mailgun": (["key" + "-" + hexa(32)], ["key-" + hexa(12)]),
    "mailgun_key": ([hexa(32) + "-" + hexa(8) + "-" + drawn("abcdef0123", 8)], [hexa(32) + "-" + hexa(8), UUID]),
    "mailchimp": ([hexa(32) + "-us" + "12"], [hexa(32) + "-eu1"]),
    "mandrill": (["md" + "-" + both(22)], ["md-" + both(8), "md-toolbar-menu-item-open1"]),
    "brevo": (["xkey" + "sib-" + hexa(64) + "-" + both(16)], ["xkeysib-" + hexa(12)]),
    "resend": (["re" + "_" + both(8) + "_" + both(24)], ["re_compiled_patterns_of_the_module"]),
    "mailersend": (["ml" + "sn." + hexa(64)], ["mlsn." + hexa(8)]),
    "facebook": (["EA" + "ACEdEose0cBA" + both(120)], ["EAAC" + both(12)]),
    "twitter_bearer": (["A" * 21 + both(60)], ["A" * 21]),
    "onesignal": (["os_" + "v2_app_" + drawn("abcdefghijklmnopqrstuvwxyz234567", 103)], ["os_v2_app_id"]),
    "intercom": (["dG" + "9rO" + base64(58) + "=="], ["dG9rO" + both(5)]),
    "matrix": (["sy" + "t_YWxpY2U_" + drawn("abcdefghijKLMNOP", 20) + "_" + both(6)], ["syt_table"]),
}


def test_every_format_is_found_and_no_near_miss():
    """Each format of a messaging service is found in its example and not believed in near-misses."""
    check_patterns(messaging.PATTERNS, EXAMPLES)
