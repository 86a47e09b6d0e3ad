"""The training steps of train/steps.rs in PyTorch; prints `name seconds` lines. Called by train.rs with the number of
threads and, where only some are wanted, their names. `PERTURBOOK_DEVICE=cuda` runs them on a GPU, with PyTorch's defaults:
TF32 in convolutions, not in other products; `PERTURBOOK_TF32=0` or `1` in neither or both.

As there, a step ends when its loss has been read as a number.
"""

import math
import os
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(int(sys.argv[1]))
torch.set_default_device(os.environ.get("PERTURBOOK_DEVICE", "cpu"))
if tf32 := os.environ.get("PERTURBOOK_TF32"):
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32 == "1"
torch.manual_seed(0)


def best(network, loss_of, steps=8):
    adam = torch.optim.Adam(network.parameters(), lr=1e-4)
    seconds = math.inf
    for i in range(steps + 3):
        start = time.perf_counter()
        loss = loss_of(network)
        loss.item()
        adam.zero_grad()
        loss.backward()
        adam.step()
        if i >= 3:
            seconds = min(seconds, time.perf_counter() - start)
    return seconds


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        n, tokens, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(n, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, tokens, width)
        x = x + self.proj(y)
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class Vit(nn.Module):
    def __init__(self, width=192, blocks=6, heads=3, patch=8, grid=8):
        super().__init__()
        self.cls = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.positions = nn.Parameter(torch.randn(1, 1 + grid * grid, width) * 0.02)
        self.patches = nn.Conv2d(4, width, patch, patch)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(blocks))
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, images):
        x = self.patches(images).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1) + self.positions
        for block in self.blocks:
            x = block(x)
        return self.norm(x[:, 0])


class Vae(nn.Module):
    def __init__(self, b=32, latent=64):
        super().__init__()
        conv = lambda i, o, s: nn.Conv2d(i, o, 3, s, 1)
        up = lambda i, o: nn.ConvTranspose2d(i, o, 3, 2, 1, 1)
        self.down = nn.Sequential(
            conv(4, b, 2), nn.GELU(), conv(b, b, 1), nn.GELU(), conv(b, 2 * b, 2), nn.GELU(),
            conv(2 * b, 2 * b, 1), nn.GELU(), conv(2 * b, 2 * b, 2), nn.GELU(), nn.Flatten(),
        )
        self.mean, self.log_variance = nn.Linear(128 * b, latent), nn.Linear(128 * b, latent)
        self.up = nn.Sequential(
            nn.Linear(latent, 128 * b), nn.GELU(), nn.Unflatten(1, (2 * b, 8, 8)),
            up(2 * b, 2 * b), nn.GELU(), conv(2 * b, 2 * b, 1), nn.GELU(), up(2 * b, b), nn.GELU(),
            conv(b, b, 1), nn.GELU(), up(b, 4), nn.Tanh(),
        )
        self.log_scale = nn.Parameter(torch.zeros(1))

    def loss(self, images, noise):
        x = self.down(images)
        mean, log_variance = self.mean(x), self.log_variance(x).clamp_min(-20)
        y = self.up(mean + (0.5 * log_variance).exp() * noise)
        apart = ((images - y) ** 2).flatten(1).sum(1)
        pixels = images[0].numel()
        nll = apart * (-2 * self.log_scale).exp() / 2 + (self.log_scale + math.log(2 * math.pi) / 2) * pixels
        kl = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1).sum(1)
        return (nll + kl).mean()


class ScVi(nn.Module):
    def __init__(self, genes=2000, hidden=128, latent=10):
        super().__init__()
        layer = lambda i: nn.Sequential(nn.Linear(i, hidden), nn.BatchNorm1d(hidden, 1e-3, 0.01), nn.ReLU())
        self.encoder, self.decoder = layer(genes), layer(latent)
        self.mean, self.variance = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.scale = nn.Linear(hidden, genes)
        self.px_r = nn.Parameter(torch.randn(genes))

    def loss(self, x, noise, e=1e-8):
        hidden = self.encoder(torch.log1p(x))
        mean, variance = self.mean(hidden), self.variance(hidden).exp() + 1e-4
        z = mean + variance.sqrt() * noise
        m = self.scale(self.decoder(z)).softmax(1) * x.sum(1, keepdim=True)
        t = self.px_r.exp()
        log_sum = torch.log(t + m + e)
        log_p = t * (torch.log(t + e) - log_sum) + x * (torch.log(m + e) - log_sum)
        log_p = log_p + torch.lgamma(x + t) - torch.lgamma(t) - torch.lgamma(x + 1)
        kl = 0.5 * (mean**2 + variance - variance.log() - 1).sum(1)
        return (kl - log_p.sum(1)).mean()


class Residual(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.norm1, self.norm2 = nn.InstanceNorm2d(i, affine=True), nn.InstanceNorm2d(i, affine=True)
        self.conv1, self.conv2 = nn.Conv2d(i, i, 3, 1, 1), nn.Conv2d(i, o, 3, 1, 1)
        self.shortcut = nn.Conv2d(i, o, 1, bias=False)

    def forward(self, x):
        short = self.shortcut(F.avg_pool2d(x, 2))
        x = F.avg_pool2d(self.conv1(F.leaky_relu(self.norm1(x), 0.2)), 2)
        return (self.conv2(F.leaky_relu(self.norm2(x), 0.2)) + short) / math.sqrt(2)


class AdaIn(nn.Module):
    def __init__(self, channels, style):
        super().__init__()
        self.fc = nn.Linear(style, 2 * channels)

    def forward(self, x, style):
        gamma, beta = self.fc(style)[:, :, None, None].chunk(2, 1)
        return (1 + gamma) * F.instance_norm(x) + beta


class Styled(nn.Module):
    def __init__(self, i, o, style=64):
        super().__init__()
        self.adain1, self.adain2 = AdaIn(i, style), AdaIn(o, style)
        self.conv1, self.conv2 = nn.Conv2d(i, o, 3, 1, 1), nn.Conv2d(o, o, 3, 1, 1)
        self.shortcut = nn.Conv2d(i, o, 1, bias=False)

    def forward(self, x, style):
        grow = lambda x: F.interpolate(x, scale_factor=2, mode="nearest")
        short = grow(self.shortcut(x))
        x = self.conv1(grow(F.leaky_relu(self.adain1(x, style), 0.2)))
        return (self.conv2(F.leaky_relu(self.adain2(x, style), 0.2)) + short) / math.sqrt(2)


class Blocks(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Conv2d(4, 32, 3, 1, 1), nn.Conv2d(32, 4, 1)
        self.down1, self.down2 = Residual(32, 64), Residual(64, 128)
        self.up1, self.up2 = Styled(128, 64), Styled(64, 32)

    def loss(self, images, style):
        x = self.down2(self.down1(self.first(images)))
        return ((self.last(self.up2(self.up1(x, style), style)) - images) ** 2).mean()


class Down(nn.Module):
    def __init__(self, i, o, norm, halve=True):
        super().__init__()
        of = lambda: nn.InstanceNorm2d(i, affine=True) if norm else nn.Identity()
        self.norm1, self.norm2 = of(), of()
        self.conv1, self.conv2 = nn.Conv2d(i, i, 3, 1, 1), nn.Conv2d(i, o, 3, 1, 1)
        self.shortcut = nn.Conv2d(i, o, 1, bias=False) if i != o else nn.Identity()
        self.pool = nn.AvgPool2d(2) if halve else nn.Identity()

    def forward(self, x):
        short = self.shortcut(self.pool(x))
        x = self.pool(self.conv1(F.leaky_relu(self.norm1(x), 0.2)))
        return (self.conv2(F.leaky_relu(self.norm2(x), 0.2)) + short) / math.sqrt(2)


class Up(nn.Module):
    def __init__(self, i, o, style, double=True):
        super().__init__()
        self.adain1, self.adain2 = AdaIn(i, style), AdaIn(o, style)
        self.conv1, self.conv2 = nn.Conv2d(i, o, 3, 1, 1), nn.Conv2d(o, o, 3, 1, 1)
        self.shortcut = nn.Conv2d(i, o, 1, bias=False) if i != o else nn.Identity()
        self.grow = (lambda x: F.interpolate(x, scale_factor=2, mode="nearest")) if double else nn.Identity()

    def forward(self, x, style):
        short = self.grow(self.shortcut(x))
        x = self.conv1(self.grow(F.leaky_relu(self.adain1(x, style), 0.2)))
        return (self.conv2(F.leaky_relu(self.adain2(x, style), 0.2)) + short) / math.sqrt(2)


class Generator(nn.Module):
    def __init__(self, channels=2, widths=(16, 32, 64, 64), style=64):
        super().__init__()
        last, pairs = widths[-1], list(zip(widths, widths[1:]))
        self.stem = nn.Conv2d(channels, widths[0], 3, 1, 1)
        mids = [Down(last, last, True, False) for _ in range(2)]
        self.downs = nn.Sequential(*(Down(i, o, True) for i, o in pairs), *mids)
        adamids = [Up(last, last, style, False) for _ in range(2)]
        self.ups = nn.ModuleList(adamids + [Up(o, i, style) for i, o in reversed(pairs)])
        self.norm, self.out = nn.InstanceNorm2d(widths[0], affine=True), nn.Conv2d(widths[0], channels, 1)

    def forward(self, x, style):
        x = self.downs(self.stem(x))
        for block in self.ups:
            x = block(x, style)
        return self.out(F.leaky_relu(self.norm(x), 0.2))


class Trunk(nn.Module):
    def __init__(self, outputs, channels=2, widths=(16, 32, 64, 64)):
        super().__init__()
        downs = (Down(i, o, False) for i, o in zip(widths, widths[1:]))
        self.downs = nn.Sequential(nn.Conv2d(channels, widths[0], 3, 1, 1), *downs, nn.LeakyReLU(0.2))
        self.head, self.out = nn.Conv2d(widths[-1], widths[-1], 3), nn.Linear(widths[-1], outputs)

    def forward(self, x):
        return self.out(F.leaky_relu(self.head(self.downs(x)), 0.2).mean((2, 3)))


class Grape:
    """Both steps, with double backward for R1."""

    def __init__(self, classes=19, code=64, hidden=128, style=64):
        linear, self.table = nn.Linear, nn.Parameter(torch.randn(classes, code))
        self.mapping = nn.Sequential(linear(code, hidden), nn.ReLU(), linear(hidden, hidden), nn.ReLU(), linear(hidden, style))
        self.g, self.e, self.d = Generator(), Trunk(style), Trunk(classes)
        parts = [self.table, *(p for net in (self.mapping, self.g, self.e) for p in net.parameters())]
        self.adams = [torch.optim.Adam(of, 1e-4, (0.0, 0.99), weight_decay=1e-4) for of in (parts, self.d.parameters())]
        self.x = torch.randn(32, 2, 32, 32) * 0.3
        self.y = torch.arange(32) % classes
        self.z = (self.y + torch.randint(1, classes, (32,))) % classes

    def logit(self, x, of):
        return self.d(x).gather(1, of[:, None])[:, 0]

    def step(self):
        x, adam_g, adam_d = self.x, *self.adams
        with torch.no_grad():
            fake = self.g(x, self.mapping(self.table[self.z]))
        real = x.clone().requires_grad_()
        logit = self.logit(real, self.y)
        (slope,) = torch.autograd.grad(logit.sum(), real, create_graph=True)
        loss = (F.softplus(-logit) + F.softplus(self.logit(fake, self.z)) + slope.square().flatten(1).sum(1) / 2).mean()
        adam_d.zero_grad()
        loss.backward()
        adam_d.step()
        self.d.requires_grad_(False)
        style = self.mapping(self.table[self.z])
        made = self.g(x, style)
        cycle = (x - self.g(made, self.e(x))).abs().mean()
        loss = F.softplus(-self.logit(made, self.z)).mean() + cycle + (style.detach() - self.e(made.detach())).abs().mean()
        loss.item()
        adam_g.zero_grad()
        loss.backward()
        adam_g.step()
        self.d.requires_grad_(True)


def best_step(model, steps=8):
    seconds = math.inf
    for i in range(steps + 3):
        start = time.perf_counter()
        model.step()
        if i >= 3:
            seconds = min(seconds, time.perf_counter() - start)
    return seconds


images = lambda n: torch.randn(n, 4, 64, 64) * 0.3
counts = lambda: (torch.randn(128, 2000) * 2).abs().floor()
mean_square = lambda batch: lambda network: (network(batch) ** 2).mean()
loss_of = lambda *batch: lambda network: network.loss(*batch)
workloads = {
    "vit": lambda: (Vit(), mean_square(images(32))),
    "conv_vae": lambda: (Vae(), loss_of(images(64), torch.randn(64, 64))),
    "nb_vae": lambda: (ScVi(), loss_of(counts(), torch.randn(128, 10))),
    "stargan": lambda: (Blocks(), loss_of(images(16), torch.randn(16, 64))),
}
for name in sys.argv[2:] or [*workloads, "grape"]:
    print(name, best_step(Grape()) if name == "grape" else best(*workloads[name]()), flush=True)
