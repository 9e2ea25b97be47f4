// The rate tables, pulled in at compile time. A test holds this list against the folder.
#include "EmbeddedRates.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

#define TABLE(symbol) static const unsigned char symbol[]

TABLE(channels_alibaba) = {
#embed "../../pricing-data/channels/alibaba.yml"
};
TABLE(channels_anthropic) = {
#embed "../../pricing-data/channels/anthropic.yml"
};
TABLE(channels_azure) = {
#embed "../../pricing-data/channels/azure.yml"
};
TABLE(channels_baidu) = {
#embed "../../pricing-data/channels/baidu.yml"
};
TABLE(channels_cohere) = {
#embed "../../pricing-data/channels/cohere.yml"
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
TABLE(channels_minimax) = {
#embed "../../pricing-data/channels/minimax.yml"
};
TABLE(channels_moonshotai) = {
#embed "../../pricing-data/channels/moonshotai.yml"
};
TABLE(channels_openai) = {
#embed "../../pricing-data/channels/openai.yml"
};
TABLE(channels_standard) = {
#embed "../../pricing-data/channels/standard.yml"
};
TABLE(channels_stepfun) = {
#embed "../../pricing-data/channels/stepfun.yml"
};
TABLE(channels_tencent) = {
#embed "../../pricing-data/channels/tencent.yml"
};
TABLE(channels_volcengine) = {
#embed "../../pricing-data/channels/volcengine.yml"
};
TABLE(channels_zhipuai) = {
#embed "../../pricing-data/channels/zhipuai.yml"
};
TABLE(fx) = {
#embed "../../pricing-data/fx.yml"
};
TABLE(imported_genai_prices_anthropic) = {
#embed "../../pricing-data/imported/genai-prices/anthropic.json"
};
TABLE(imported_genai_prices_arcee) = {
#embed "../../pricing-data/imported/genai-prices/arcee.json"
};
TABLE(imported_genai_prices_avian) = {
#embed "../../pricing-data/imported/genai-prices/avian.json"
};
TABLE(imported_genai_prices_aws) = {
#embed "../../pricing-data/imported/genai-prices/aws.json"
};
TABLE(imported_genai_prices_azure) = {
#embed "../../pricing-data/imported/genai-prices/azure.json"
};
TABLE(imported_genai_prices_baseten) = {
#embed "../../pricing-data/imported/genai-prices/baseten.json"
};
TABLE(imported_genai_prices_cerebras) = {
#embed "../../pricing-data/imported/genai-prices/cerebras.json"
};
TABLE(imported_genai_prices_cloudflare) = {
#embed "../../pricing-data/imported/genai-prices/cloudflare.json"
};
TABLE(imported_genai_prices_cohere) = {
#embed "../../pricing-data/imported/genai-prices/cohere.json"
};
TABLE(imported_genai_prices_cursor) = {
#embed "../../pricing-data/imported/genai-prices/cursor.json"
};
TABLE(imported_genai_prices_databricks) = {
#embed "../../pricing-data/imported/genai-prices/databricks.json"
};
TABLE(imported_genai_prices_deepseek) = {
#embed "../../pricing-data/imported/genai-prices/deepseek.json"
};
TABLE(imported_genai_prices_doubleword) = {
#embed "../../pricing-data/imported/genai-prices/doubleword.json"
};
TABLE(imported_genai_prices_elevenlabs) = {
#embed "../../pricing-data/imported/genai-prices/elevenlabs.json"
};
TABLE(imported_genai_prices_fireworks) = {
#embed "../../pricing-data/imported/genai-prices/fireworks.json"
};
TABLE(imported_genai_prices_github_copilot) = {
#embed "../../pricing-data/imported/genai-prices/github-copilot.json"
};
TABLE(imported_genai_prices_google) = {
#embed "../../pricing-data/imported/genai-prices/google.json"
};
TABLE(imported_genai_prices_groq) = {
#embed "../../pricing-data/imported/genai-prices/groq.json"
};
TABLE(imported_genai_prices_huggingface_cerebras) = {
#embed "../../pricing-data/imported/genai-prices/huggingface_cerebras.json"
};
TABLE(imported_genai_prices_huggingface_fireworks_ai) = {
#embed "../../pricing-data/imported/genai-prices/huggingface_fireworks-ai.json"
};
TABLE(imported_genai_prices_huggingface_groq) = {
#embed "../../pricing-data/imported/genai-prices/huggingface_groq.json"
};
TABLE(imported_genai_prices_huggingface_hyperbolic) = {
#embed "../../pricing-data/imported/genai-prices/huggingface_hyperbolic.json"
};
TABLE(imported_genai_prices_huggingface_nebius) = {
#embed "../../pricing-data/imported/genai-prices/huggingface_nebius.json"
};
TABLE(imported_genai_prices_huggingface_novita) = {
#embed "../../pricing-data/imported/genai-prices/huggingface_novita.json"
};
TABLE(imported_genai_prices_huggingface_nscale) = {
#embed "../../pricing-data/imported/genai-prices/huggingface_nscale.json"
};
TABLE(imported_genai_prices_huggingface_ovhcloud) = {
#embed "../../pricing-data/imported/genai-prices/huggingface_ovhcloud.json"
};
TABLE(imported_genai_prices_huggingface_publicai) = {
#embed "../../pricing-data/imported/genai-prices/huggingface_publicai.json"
};
TABLE(imported_genai_prices_huggingface_sambanova) = {
#embed "../../pricing-data/imported/genai-prices/huggingface_sambanova.json"
};
TABLE(imported_genai_prices_huggingface_together) = {
#embed "../../pricing-data/imported/genai-prices/huggingface_together.json"
};
TABLE(imported_genai_prices_meta) = {
#embed "../../pricing-data/imported/genai-prices/meta.json"
};
TABLE(imported_genai_prices_minimax) = {
#embed "../../pricing-data/imported/genai-prices/minimax.json"
};
TABLE(imported_genai_prices_mistral) = {
#embed "../../pricing-data/imported/genai-prices/mistral.json"
};
TABLE(imported_genai_prices_modal) = {
#embed "../../pricing-data/imported/genai-prices/modal.json"
};
TABLE(imported_genai_prices_models) = {
#embed "../../pricing-data/imported/genai-prices/models.json"
};
TABLE(imported_genai_prices_moonshotai) = {
#embed "../../pricing-data/imported/genai-prices/moonshotai.json"
};
TABLE(imported_genai_prices_novita) = {
#embed "../../pricing-data/imported/genai-prices/novita.json"
};
TABLE(imported_genai_prices_openai_decisions) = {
#embed "../../pricing-data/imported/genai-prices/openai-decisions.json"
};
TABLE(imported_genai_prices_openai) = {
#embed "../../pricing-data/imported/genai-prices/openai.json"
};
TABLE(imported_genai_prices_openrouter) = {
#embed "../../pricing-data/imported/genai-prices/openrouter.json"
};
TABLE(imported_genai_prices_ovhcloud) = {
#embed "../../pricing-data/imported/genai-prices/ovhcloud.json"
};
TABLE(imported_genai_prices_perplexity) = {
#embed "../../pricing-data/imported/genai-prices/perplexity.json"
};
TABLE(imported_genai_prices_quicksilverpro) = {
#embed "../../pricing-data/imported/genai-prices/quicksilverpro.json"
};
TABLE(imported_genai_prices_together) = {
#embed "../../pricing-data/imported/genai-prices/together.json"
};
TABLE(imported_genai_prices_typesafe) = {
#embed "../../pricing-data/imported/genai-prices/typesafe.json"
};
TABLE(imported_genai_prices_voyageai) = {
#embed "../../pricing-data/imported/genai-prices/voyageai.json"
};
TABLE(imported_genai_prices_x_ai) = {
#embed "../../pricing-data/imported/genai-prices/x-ai.json"
};
TABLE(imported_genai_prices_zai) = {
#embed "../../pricing-data/imported/genai-prices/zai.json"
};
TABLE(imported_genai_prices_zhipuai) = {
#embed "../../pricing-data/imported/genai-prices/zhipuai.json"
};
TABLE(models_alibaba) = {
#embed "../../pricing-data/models/alibaba.yml"
};
TABLE(models_anthropic) = {
#embed "../../pricing-data/models/anthropic.yml"
};
TABLE(models_baidu) = {
#embed "../../pricing-data/models/baidu.yml"
};
TABLE(models_deepseek) = {
#embed "../../pricing-data/models/deepseek.yml"
};
TABLE(models_google) = {
#embed "../../pricing-data/models/google.yml"
};
TABLE(models_minimax) = {
#embed "../../pricing-data/models/minimax.yml"
};
TABLE(models_moonshotai) = {
#embed "../../pricing-data/models/moonshotai.yml"
};
TABLE(models_openai) = {
#embed "../../pricing-data/models/openai.yml"
};
TABLE(models_stepfun) = {
#embed "../../pricing-data/models/stepfun.yml"
};
TABLE(models_tencent) = {
#embed "../../pricing-data/models/tencent.yml"
};
TABLE(models_volcengine) = {
#embed "../../pricing-data/models/volcengine.yml"
};
TABLE(models_zhipuai) = {
#embed "../../pricing-data/models/zhipuai.yml"
};

#define ROW(path, symbol) {path, symbol, sizeof symbol}

static const embedded_rate_file_t files[] = {
    ROW("channels/alibaba.yml", channels_alibaba),
    ROW("channels/anthropic.yml", channels_anthropic),
    ROW("channels/azure.yml", channels_azure),
    ROW("channels/baidu.yml", channels_baidu),
    ROW("channels/cohere.yml", channels_cohere),
    ROW("channels/deepseek.yml", channels_deepseek),
    ROW("channels/google.yml", channels_google),
    ROW("channels/holysheep.yml", channels_holysheep),
    ROW("channels/minimax.yml", channels_minimax),
    ROW("channels/moonshotai.yml", channels_moonshotai),
    ROW("channels/openai.yml", channels_openai),
    ROW("channels/standard.yml", channels_standard),
    ROW("channels/stepfun.yml", channels_stepfun),
    ROW("channels/tencent.yml", channels_tencent),
    ROW("channels/volcengine.yml", channels_volcengine),
    ROW("channels/zhipuai.yml", channels_zhipuai),
    ROW("fx.yml", fx),
    ROW("imported/genai-prices/anthropic.json", imported_genai_prices_anthropic),
    ROW("imported/genai-prices/arcee.json", imported_genai_prices_arcee),
    ROW("imported/genai-prices/avian.json", imported_genai_prices_avian),
    ROW("imported/genai-prices/aws.json", imported_genai_prices_aws),
    ROW("imported/genai-prices/azure.json", imported_genai_prices_azure),
    ROW("imported/genai-prices/baseten.json", imported_genai_prices_baseten),
    ROW("imported/genai-prices/cerebras.json", imported_genai_prices_cerebras),
    ROW("imported/genai-prices/cloudflare.json", imported_genai_prices_cloudflare),
    ROW("imported/genai-prices/cohere.json", imported_genai_prices_cohere),
    ROW("imported/genai-prices/cursor.json", imported_genai_prices_cursor),
    ROW("imported/genai-prices/databricks.json", imported_genai_prices_databricks),
    ROW("imported/genai-prices/deepseek.json", imported_genai_prices_deepseek),
    ROW("imported/genai-prices/doubleword.json", imported_genai_prices_doubleword),
    ROW("imported/genai-prices/elevenlabs.json", imported_genai_prices_elevenlabs),
    ROW("imported/genai-prices/fireworks.json", imported_genai_prices_fireworks),
    ROW("imported/genai-prices/github-copilot.json", imported_genai_prices_github_copilot),
    ROW("imported/genai-prices/google.json", imported_genai_prices_google),
    ROW("imported/genai-prices/groq.json", imported_genai_prices_groq),
    ROW("imported/genai-prices/huggingface_cerebras.json", imported_genai_prices_huggingface_cerebras),
    ROW("imported/genai-prices/huggingface_fireworks-ai.json", imported_genai_prices_huggingface_fireworks_ai),
    ROW("imported/genai-prices/huggingface_groq.json", imported_genai_prices_huggingface_groq),
    ROW("imported/genai-prices/huggingface_hyperbolic.json", imported_genai_prices_huggingface_hyperbolic),
    ROW("imported/genai-prices/huggingface_nebius.json", imported_genai_prices_huggingface_nebius),
    ROW("imported/genai-prices/huggingface_novita.json", imported_genai_prices_huggingface_novita),
    ROW("imported/genai-prices/huggingface_nscale.json", imported_genai_prices_huggingface_nscale),
    ROW("imported/genai-prices/huggingface_ovhcloud.json", imported_genai_prices_huggingface_ovhcloud),
    ROW("imported/genai-prices/huggingface_publicai.json", imported_genai_prices_huggingface_publicai),
    ROW("imported/genai-prices/huggingface_sambanova.json", imported_genai_prices_huggingface_sambanova),
    ROW("imported/genai-prices/huggingface_together.json", imported_genai_prices_huggingface_together),
    ROW("imported/genai-prices/meta.json", imported_genai_prices_meta),
    ROW("imported/genai-prices/minimax.json", imported_genai_prices_minimax),
    ROW("imported/genai-prices/mistral.json", imported_genai_prices_mistral),
    ROW("imported/genai-prices/modal.json", imported_genai_prices_modal),
    ROW("imported/genai-prices/models.json", imported_genai_prices_models),
    ROW("imported/genai-prices/moonshotai.json", imported_genai_prices_moonshotai),
    ROW("imported/genai-prices/novita.json", imported_genai_prices_novita),
    ROW("imported/genai-prices/openai-decisions.json", imported_genai_prices_openai_decisions),
    ROW("imported/genai-prices/openai.json", imported_genai_prices_openai),
    ROW("imported/genai-prices/openrouter.json", imported_genai_prices_openrouter),
    ROW("imported/genai-prices/ovhcloud.json", imported_genai_prices_ovhcloud),
    ROW("imported/genai-prices/perplexity.json", imported_genai_prices_perplexity),
    ROW("imported/genai-prices/quicksilverpro.json", imported_genai_prices_quicksilverpro),
    ROW("imported/genai-prices/together.json", imported_genai_prices_together),
    ROW("imported/genai-prices/typesafe.json", imported_genai_prices_typesafe),
    ROW("imported/genai-prices/voyageai.json", imported_genai_prices_voyageai),
    ROW("imported/genai-prices/x-ai.json", imported_genai_prices_x_ai),
    ROW("imported/genai-prices/zai.json", imported_genai_prices_zai),
    ROW("imported/genai-prices/zhipuai.json", imported_genai_prices_zhipuai),
    ROW("models/alibaba.yml", models_alibaba),
    ROW("models/anthropic.yml", models_anthropic),
    ROW("models/baidu.yml", models_baidu),
    ROW("models/deepseek.yml", models_deepseek),
    ROW("models/google.yml", models_google),
    ROW("models/minimax.yml", models_minimax),
    ROW("models/moonshotai.yml", models_moonshotai),
    ROW("models/openai.yml", models_openai),
    ROW("models/stepfun.yml", models_stepfun),
    ROW("models/tencent.yml", models_tencent),
    ROW("models/volcengine.yml", models_volcengine),
    ROW("models/zhipuai.yml", models_zhipuai),
};

ptrdiff_t embedded_rate_file_count(void) { return sizeof files / sizeof files[0]; }

embedded_rate_file_t embedded_rate_file(ptrdiff_t index) { return files[index]; }
