/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include <string.h>

static void clear_matchers(struct matcher *matchers, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		matcher_clear(&matchers[i]);
	}
}

static void clear_playbook(struct playbook *playbook)
{
	clear_matchers(playbook->matchers, playbook->matchers_len);
	for (size_t i = 0; i < playbook->steps_len; i++) {
		clear_matchers(playbook->steps[i].when, playbook->steps[i].when_len);
	}
	for (size_t i = 0; i < playbook->params_len; i++) {
		regex_free(playbook->params[i].regex);
	}
}

void config_free(struct config *config)
{
	if (!config) {
		return;
	}
	for (size_t i = 0; i < config->playbooks_len; i++) {
		clear_playbook(&config->playbooks[i]);
	}
	for (size_t i = 0; i < config->escalation.rules_len; i++) {
		clear_matchers(config->escalation.rules[i].matchers,
				config->escalation.rules[i].matchers_len);
	}
	for (size_t i = 0; i < config->ignore.len; i++) {
		clear_matchers(config->ignore.rules[i].matchers,
				config->ignore.rules[i].matchers_len);
	}
	for (size_t i = 0; i < config->heartbeats_len; i++) {
		clear_matchers(config->heartbeats[i].matchers, config->heartbeats[i].matchers_len);
	}
	arena_free(config->arena);
}

const struct playbook *config_playbook(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->playbooks_len; i++) {
		const char *its = config->playbooks[i].name;

		if (its && strcmp(its, name) == 0) {
			return &config->playbooks[i];
		}
	}
	return NULL;
}

const struct check *config_check(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->checks_len; i++) {
		const char *its = config->checks[i].name;

		if (its && strcmp(its, name) == 0) {
			return &config->checks[i];
		}
	}
	return NULL;
}

const struct receiver *config_receiver(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->receivers_len; i++) {
		const char *its = config->receivers[i].name;

		if (its && strcmp(its, name) == 0) {
			return &config->receivers[i];
		}
	}
	return NULL;
}

const struct interval *config_interval(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->intervals_len; i++) {
		const char *its = config->intervals[i].name;

		if (its && strcmp(its, name) == 0) {
			return &config->intervals[i];
		}
	}
	return NULL;
}
