// BatchNorm fused with mask, residual and activation: native twins of encoders/joints/normalise_plain.py.
#include "numbers.h"

namespace {

// Mean and variance of each channel: two passes within a piece; pieces are combined in order, whatever the threads.
template <class T>
void moments(const T* x, const Cut& cut, float* mean, float* variance, int64_t threads) {
    const int64_t channels = cut.channels;
    std::vector<double> means(cut.pieces * channels), squares(cut.pieces * channels);
#pragma omp parallel num_threads(threads)
    {
        std::vector<float> summed(cut.row), centre(cut.row), own(channels);
#pragma omp for
        for (int64_t p = 0; p < cut.pieces; p++) {
            std::fill(summed.begin(), summed.end(), 0.0f);
            cut.rows_of(p, [&](int64_t start, int64_t length) {
                for (int64_t i = 0; i < length; i++) summed[i] += load(x[start + i]);
            });
            cut.fold(summed, &means[p * channels]);
            for (int64_t c = 0; c < channels; c++)
                own[c] = float(means[p * channels + c] /= double(cut.positions_of(p)));
            for (int64_t i = 0; i < cut.row; i++) centre[i] = own[i % channels];
            std::fill(summed.begin(), summed.end(), 0.0f);
            cut.rows_of(p, [&](int64_t start, int64_t length) {
                for (int64_t i = 0; i < length; i++) {
                    const float off = load(x[start + i]) - centre[i];
                    summed[i] += off * off;
                }
            });
            cut.fold(summed, &squares[p * channels]);
        }
    }
    const double count = double(cut.size / channels);
    for (int64_t c = 0; c < channels; c++) {
        double whole = 0, spread = 0;
        for (int64_t p = 0; p < cut.pieces; p++) whole += means[p * channels + c] * double(cut.positions_of(p));
        whole /= count;
        for (int64_t p = 0; p < cut.pieces; p++) {
            const double off = means[p * channels + c] - whole;
            spread += squares[p * channels + c] + double(cut.positions_of(p)) * off * off;
        }
        mean[c] = float(whole);
        variance[c] = float(spread / count);
    }
}

// Keeps entries whose byte is at least `dropped`; all without bytes.
struct Mask {
    const uint8_t* bytes;
    uint8_t dropped;

    void apply(int64_t start, int64_t length, std::vector<float>& y) const {
        if (bytes)
            for (int64_t i = 0; i < length; i++) y[i] = bytes[start + i] >= dropped ? y[i] : 0.0f;
    }
};

// out = act(masked(scale x + shift) + residual)
template <class T>
void forward(const T* x, const Cut& cut, const float* scale, const float* shift, Mask mask, const T* residual,
             bool relu, T* out, int64_t threads) {
    const std::vector<float> scales = cut.along(scale), shifts = cut.along(shift);
#pragma omp parallel num_threads(threads)
    {
        std::vector<float> y(cut.row);
#pragma omp for
        for (int64_t p = 0; p < cut.pieces; p++)
            cut.rows_of(p, [&](int64_t start, int64_t length) {
                for (int64_t i = 0; i < length; i++) y[i] = load(x[start + i]) * scales[i] + shifts[i];
                mask.apply(start, length, y);
                if (residual)
                    for (int64_t i = 0; i < length; i++) y[i] += load(residual[start + i]);
                if (relu)
                    for (int64_t i = 0; i < length; i++) y[i] = y[i] < 0.0f ? 0.0f : y[i];
                for (int64_t i = 0; i < length; i++) store(out[start + i], y[i]);
            });
    }
}

// Backward through activation (if there is an `out`) and mask. The gradient after the activation goes to `passed` (if
// given), that after the mask to `inner`.
template <class T>
void pass(const T* g, const T* out, Mask mask, int64_t start, int64_t length, std::vector<float>& inner, T* passed) {
    for (int64_t i = 0; i < length; i++) inner[i] = load(g[start + i]);
    if (out)
        for (int64_t i = 0; i < length; i++) inner[i] = load(out[start + i]) <= 0.0f ? 0.0f : inner[i];
    if (passed)
        for (int64_t i = 0; i < length; i++) store(passed[start + i], inner[i]);
    mask.apply(start, length, inner);
}

// Sums of the gradient after activation and mask, and of its product with x - mean.
template <class T>
void sums(const T* x, const Cut& cut, const T* g, const T* out, Mask mask, const float* mean, T* d_residual,
          float* total, float* products, int64_t threads) {
    const int64_t channels = cut.channels;
    const std::vector<float> means = cut.along(mean);
    std::vector<double> parts(cut.pieces * 2 * channels);
#pragma omp parallel num_threads(threads)
    {
        std::vector<float> inner(cut.row), summed(cut.row), multiplied(cut.row);
#pragma omp for
        for (int64_t p = 0; p < cut.pieces; p++) {
            std::fill(summed.begin(), summed.end(), 0.0f);
            std::fill(multiplied.begin(), multiplied.end(), 0.0f);
            cut.rows_of(p, [&](int64_t start, int64_t length) {
                pass(g, out, mask, start, length, inner, d_residual);
                for (int64_t i = 0; i < length; i++) {
                    summed[i] += inner[i];
                    multiplied[i] += (load(x[start + i]) - means[i]) * inner[i];
                }
            });
            cut.fold(summed, &parts[2 * p * channels]);
            cut.fold(multiplied, &parts[(2 * p + 1) * channels]);
        }
    }
    for (int64_t c = 0; c < channels; c++) {
        double sum = 0, product = 0;
        for (int64_t p = 0; p < cut.pieces; p++) {
            sum += parts[2 * p * channels + c];
            product += parts[(2 * p + 1) * channels + c];
        }
        total[c] = float(sum);
        products[c] = float(product);
    }
}

// d_x = scale masked(g after the activation) + slope x + level
template <class T>
void backward(const T* x, const Cut& cut, const T* g, const T* out, Mask mask, const float* scale, const float* slope,
              const float* level, T* d_x, int64_t threads) {
    const std::vector<float> scales = cut.along(scale), slopes = cut.along(slope), levels = cut.along(level);
#pragma omp parallel num_threads(threads)
    {
        std::vector<float> inner(cut.row);
#pragma omp for
        for (int64_t p = 0; p < cut.pieces; p++)
            cut.rows_of(p, [&](int64_t start, int64_t length) {
                pass<T>(g, out, mask, start, length, inner, nullptr);
                for (int64_t i = 0; i < length; i++)
                    store(d_x[start + i], inner[i] * scales[i] + load(x[start + i]) * slopes[i] + levels[i]);
            });
    }
}

}  // namespace

// Functions called from Python (normalise_native.py), for one dtype.
#define FOR_TYPE(NAME, T)                                                                                              \
    extern "C" void moments_##NAME(const T* x, int64_t size, int64_t channels, float* mean, float* variance,           \
                                   int64_t threads) {                                                                  \
        moments(x, Cut(size, channels), mean, variance, threads);                                                      \
    }                                                                                                                  \
    extern "C" void normalise_##NAME(const T* x, int64_t size, int64_t channels, const float* scale,                   \
                                     const float* shift, const uint8_t* bytes, int64_t dropped, const T* residual,     \
                                     int64_t relu, T* out, int64_t threads) {                                          \
        forward(x, Cut(size, channels), scale, shift, {bytes, uint8_t(dropped)}, residual, relu != 0, out, threads);   \
    }                                                                                                                  \
    extern "C" void normalise_sums_##NAME(const T* x, int64_t size, int64_t channels, const T* g, const T* out,        \
                                          const uint8_t* bytes, int64_t dropped, const float* mean, T* d_residual,     \
                                          float* total, float* products, int64_t threads) {                            \
        sums(x, Cut(size, channels), g, out, {bytes, uint8_t(dropped)}, mean, d_residual, total, products, threads);   \
    }                                                                                                                  \
    extern "C" void normalise_backward_##NAME(const T* x, int64_t size, int64_t channels, const T* g, const T* out,    \
                                              const uint8_t* bytes, int64_t dropped, const float* scale,               \
                                              const float* slope, const float* level, T* d_x, int64_t threads) {       \
        backward(x, Cut(size, channels), g, out, {bytes, uint8_t(dropped)}, scale, slope, level, d_x, threads);        \
    }

FOR_TYPE(float32, float)
FOR_TYPE(bfloat16, BFloat16)
