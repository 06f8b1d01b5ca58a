"""Released hyper-parameters, read with checks.

What
    The files of the release speak of about two hundred options by flat names. Three lists here say
    which describe the codec, which a prior, and which only the training run; `Values` reads them
    one by one and refuses by name what is unknown, missing or of the wrong kind.
Paper: [Jukebox appendix B]
Lesson: notebooks/11_real_models_on_a_gpu.ipynb
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from jukebox_edu.checkpoints.limits import refuse_absurd
from jukebox_edu.errors import ConfigError, must

CODEC_NAMES = frozenset(
    """levels downs_t strides_t hvqvae_multipliers emb_width l_bins l_mu commit spectral
    multispectral width depth m_conv dilation_growth_rate dilation_cycle
    vqvae_reverse_decoder_dilation sr loss_fn lmix_l1 lmix_l2 lmix_linf linf_k revival_threshold
    use_bottleneck use_nonrelative_specloss multispec_loss_n_fft multispec_loss_hop_length
    multispec_loss_window_size""".split()
)
PRIOR_NAMES = frozenset(
    """level levels downs_t strides_t l_bins sr n_ctx prior_width prior_depth heads attn_order
    blocks spread init_scale m_attn m_mlp res_scale zero_out pos_init labels labels_v3 y_bins t_bins
    min_duration max_duration max_bow_genre_size use_tokens n_tokens n_vocab prime_loss_fraction
    single_enc_dec merged_decoder copy_input y_cond_as_bias cond_levels cond_width cond_depth
    cond_m_conv cond_dilation_growth_rate cond_dilation_cycle cond_res_scale prime_width
    prime_depth prime_heads prime_attn_order prime_blocks prime_spread prime_init_scale
    prime_m_attn prime_m_mlp prime_res_scale prime_zero_out prime_pos_init prime_rel_attn
    fp16_params alignment_layer alignment_head""".split()
)
# Options of the training run and of programs around it: they do not change the network.
HARMLESS_NAMES = frozenset(
    """alignment attn_dropout aug_blend aug_shift audio_files_dir beta1 beta2 break_test break_train
    bs bs_sample bucket c_attn c_mlp c_res channels clip codes_logdir cond_c_res cond_zero_out
    cpu_ema cpu_ema_freq curr_epoch date debug_batch debug_eval_files debug_grad_accum debug_inputs
    debug_iters debug_mem debug_speed dump ema ema_fused emb_dropout english_only epochs eps
    exit_test exit_train finetune fp16 fp16_loss_scale fp16_opt fp16_scale_window func git_commit
    grad_accum_iters hop_length ignore_boundaries ignore_grad_norm iters_before_update label_line
    labeller local_logdir local_path log_steps lr lr_decay lr_gamma lr_scale lr_start_linear_decay
    lr_use_cosine_decay lr_use_linear_decay lr_warmup max_len max_log max_silence_pad_length mu
    n_fft n_hops n_inps n_segment n_segment_each n_total_segment name ngpus nworkers p_unk
    pipe_depth piped prime_attn_dropout prime_c_attn prime_c_mlp prime_c_res prime_chunks
    prime_emb_dropout prime_posemb_timescale prime_resid_dropout primed_chunk_size prior
    rcall_command reset_best_loss reset_opt reset_shd reset_step resid_dropout restore_decoder
    restore_prior restore_prior_ddp restore_vqvae sample sample_hop_length sample_length
    sample_length_in_seconds sampler save save_iters seed selected_artists temp_rest temp_top test
    test_shrink_factor total_sample_length_in_seconds train train_shrink_factor train_test_split
    wav weight_decay window_size""".split()
)
# Variants that exist as options but were never released; any other value is refused.
_NEVER_RELEASED = {
    "pos_init": False,
    "prime_pos_init": False,
    "prime_rel_attn": False,
    "copy_input": False,
    "y_cond_as_bias": False,
    "use_bottleneck": True,
}
_UNNAMED = object()


class Values:
    """A mapping of released names that is read with checks.

    Raises
    ------
    ConfigError
        If it is no mapping, holds unknown names, or asks for a variant that was never released.

    Lesson: notebooks/11_real_models_on_a_gpu.ipynb
    """

    def __init__(self, hps: Mapping[str, Any]) -> None:
        if not isinstance(hps, Mapping):
            raise ConfigError(must("hparams", hps, "a mapping of released names to values"))
        known = CODEC_NAMES | PRIOR_NAMES | HARMLESS_NAMES
        unknown = sorted(str(name) for name in hps if name not in known)
        if unknown:
            advice = "Remove or correct them; names and spelling are those of the released files."
            raise ConfigError(must("hparams", unknown, "known released names only", advice))
        for name, usual in _NEVER_RELEASED.items():
            if name in hps and bool(hps[name]) != usual:
                advice = "No released model uses anything else, and it is not implemented."
                raise ConfigError(must(name, hps[name], str(usual), advice))
        refuse_absurd({name: hps[name] for name in hps if name in CODEC_NAMES | PRIOR_NAMES})
        self.hps = hps

    def require(self, *names: str) -> None:
        """Refuse with the list of all names that are missing or None."""
        missing = [name for name in names if self.hps.get(name) is None]
        if missing:
            advice = "Give them in hparams; the shapes of the weights alone do not tell."
            raise ConfigError(must("hparams", sorted(self.hps)[:6], f"given {missing} too", advice))

    def _get(self, name: str, default: Any) -> Any:
        value = self.hps.get(name)
        return default if value is None else value

    def whole(self, name: str, default: Any = _UNNAMED) -> Any:
        """A whole number, or the default (which may be None)."""
        value = self._get(name, default)
        if value is default and default is not _UNNAMED:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            raise ConfigError(must(name, value, "a whole number"))
        return value

    def number(self, name: str, default: float) -> float:
        """A finite number."""
        value = self._get(name, default)
        real = isinstance(value, int | float) and not isinstance(value, bool)
        if not real or not math.isfinite(value):
            raise ConfigError(must(name, value, "a finite number"))
        return float(value)

    def flag(self, name: str, default: bool) -> bool:
        """True or False."""
        value = self._get(name, default)
        if not isinstance(value, bool | int):
            raise ConfigError(must(name, value, "True or False"))
        return bool(value)

    def wholes(self, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """Several whole numbers; JSON lists become tuples."""
        value = self._get(name, default)
        listed = isinstance(value, list | tuple)
        if not listed or not all(isinstance(v, int) and not isinstance(v, bool) for v in value):
            raise ConfigError(must(name, value, "a list of whole numbers"))
        return tuple(value)

    def per_level(self, name: str, default: tuple[int, ...], levels: int) -> tuple[int, ...]:
        """One whole number above zero per level, bottom first."""
        values = self.wholes(name, default)
        if len(values) != levels or min(values, default=0) < 1:
            raise ConfigError(must(name, values, f"{levels} numbers above 0, one per level"))
        return values
