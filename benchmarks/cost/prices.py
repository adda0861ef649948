"""AWS list prices that the product's bill is made of: us-east-1, without any free tier, as of one date."""

from dataclasses import dataclass

AS_OF = "2026-11-21"
REGION = "us-east-1"
HOURS_A_MONTH = 730
"""What AWS's own examples count."""
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """One line of a price list: so many USD for so many units."""

    name: str
    usd: float
    per: float
    unit: str

    def of(self, units: float) -> float:
        return units * self.usd / self.per

    @property
    def text(self) -> str:
        usd = f"{self.usd:.10f}".rstrip("0").rstrip(".")
        return f"{usd} USD for {self.per:,.0f} {self.unit}{'s' if self.per > 1 else ''}"


TRANSITIONS = Price("Step Functions, standard workflows", 0.025, 1_000, "state transition")
LAMBDA_REQUESTS = Price("Lambda requests", 0.20, MILLION, "request")
LAMBDA_ARM = Price("Lambda duration, arm64", 0.0000133334, 1, "GB-second")
LAMBDA_X86 = Price("Lambda duration, x86_64", 0.0000166667, 1, "GB-second")
HTTP_API = Price("API Gateway, HTTP API", 1.00, MILLION, "request")
WRITE_UNITS = Price("DynamoDB on demand, writes", 0.625, MILLION, "write unit")
READ_UNITS = Price("DynamoDB on demand, reads", 0.125, MILLION, "read unit")
DYNAMODB_STORAGE = Price("DynamoDB storage", 0.25, 1, "GB-month")
DYNAMODB_PITR = Price("DynamoDB point-in-time recovery", 0.20, 1, "GB-month")
KMS_KEYS = Price("KMS keys, a month", 1.00, 1, "key")
KMS_REQUESTS = Price("KMS requests", 0.03, 10_000, "request")
SNS_MAILS = Price("SNS e-mail", 2.00, 100_000, "mail")
SNS_PUBLISHES = Price("SNS publishes", 0.50, MILLION, "request")
SES_MAILS = Price("SES e-mail", 0.10, 1_000, "mail")
LOG_BYTES = Price("CloudWatch Logs, taken in", 0.50, 1_000_000_000, "byte")
ALARMS = Price("CloudWatch alarms, a month", 0.10, 1, "alarm")
METRICS = Price("CloudWatch custom metrics, a month", 0.30, 1, "metric")
SECRETS = Price("Secrets Manager, secrets, a month", 0.40, 1, "secret")
TRACES = Price("X-Ray traces recorded", 5.00, MILLION, "trace")
COGNITO_USERS = Price("Cognito Essentials", 0.015, 1, "monthly active user")

ALL = [value for value in dict(globals()).values() if isinstance(value, Price)]
