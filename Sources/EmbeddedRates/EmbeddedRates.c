// The rate tables, pulled in at compile time. A test holds this list against the folder.
#include "EmbeddedRates.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

#define TABLE(symbol) static const unsigned char symbol[]

TABLE(channels_anthropic) = {
#embed "../../pricing-data/channels/anthropic.yml"
};
TABLE(channels_deepseek) = {
#embed "../../pricing-data/channels/deepseek.yml"
};
TABLE(channels_google) = {
#embed "../../pricing-data/channels/google.yml"
};
TABLE(channels_holysheep) = {
#embed "../../pricing-data/channels/holysheep.yml"
};
TABLE(channels_openai) = {
#embed "../../pricing-data/channels/openai.yml"
};
TABLE(channels_standard) = {
#embed "../../pricing-data/channels/standard.yml"
};
TABLE(models_anthropic) = {
#embed "../../pricing-data/models/anthropic.yml"
};
TABLE(models_deepseek) = {
#embed "../../pricing-data/models/deepseek.yml"
};
TABLE(models_google) = {
#embed "../../pricing-data/models/google.yml"
};
TABLE(models_openai) = {
#embed "../../pricing-data/models/openai.yml"
};
TABLE(fx) = {
#embed "../../pricing-data/fx.yml"
};

#define ROW(path, symbol) {path, symbol, sizeof symbol}

static const embedded_rate_file_t files[] = {
    ROW("channels/anthropic.yml", channels_anthropic),
    ROW("channels/deepseek.yml", channels_deepseek),
    ROW("channels/google.yml", channels_google),
    ROW("channels/holysheep.yml", channels_holysheep),
    ROW("channels/openai.yml", channels_openai),
    ROW("channels/standard.yml", channels_standard),
    ROW("models/anthropic.yml", models_anthropic),
    ROW("models/deepseek.yml", models_deepseek),
    ROW("models/google.yml", models_google),
    ROW("models/openai.yml", models_openai),
    ROW("fx.yml", fx),
};

ptrdiff_t embedded_rate_file_count(void) { return sizeof files / sizeof files[0]; }

embedded_rate_file_t embedded_rate_file(ptrdiff_t index) { return files[index]; }
