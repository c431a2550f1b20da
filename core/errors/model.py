"""What became of a question to a model instead of a whole answer."""

from core.errors.unavailable import Unavailable


class ModelError(Unavailable):
    code = "model_error"
    sentence = "The model did not give a whole answer. Try again."


class ModelMissing(ModelError):
    code = "model_missing"
    sentence = (
        "No model is installed. Run `make model`, or set OPENAI_BASE_URL and OPENAI_API_KEY, and start Parley again."
    )


class ModelUnknown(ModelError):
    code = "model_unknown"
    sentence = "The provider doesn't know this model. Choose another one for this conversation."


class ModelNotAllowed(ModelError):
    code = "model_not_allowed"
    sentence = "None of the models that your company allows is there any more. An admin can allow others in Settings."


class ModelKeyRefused(ModelError):
    code = "model_key_refused"
    sentence = "The model provider refused Parley's key. An admin has to check OPENAI_API_KEY."


class ModelNoCredit(ModelError):
    code = "model_no_credit"
    sentence = "The model provider says that Parley's account has no credit left. An admin has to see to it."


class ModelBusy(ModelError):
    code = "model_busy"
    sentence = "The model provider is busy. Wait a minute, then try again."
    is_expected = True


class ModelUnreachable(ModelError):
    code = "model_unreachable"
    sentence = "The model can't be reached at the moment. Try again in a minute."


class ModelRefused(ModelError):
    code = "model_refused"
    sentence = "The provider refused this request. Put the question differently."
    is_expected = True


class ModelContextTooLong(ModelError):
    code = "model_context_too_long"
    sentence = "This conversation is too long for the model. Start a new one, or shorten the question."
    is_expected = True


class ModelCutShort(ModelError):
    code = "model_cut_short"
    sentence = "The connection to the model broke before the answer was finished. Try again."


class ModelTooSlow(ModelError):
    code = "model_too_slow"
    sentence = "The answer took too long and was ended. Try again, or ask for less at once."


class ModelEmpty(ModelError):
    code = "model_empty"
    sentence = "The model answered with nothing. Try again, or put the question differently."


class ModelOverworked(ModelError):
    code = "model_overworked"
    sentence = "The answer took more steps than are allowed and was ended. Ask for less at once."
    is_expected = True


class ModelLooping(ModelError):
    code = "model_looping"
    sentence = "The assistant did the same thing again and again, so it was ended. Put the question differently."
    is_expected = True
